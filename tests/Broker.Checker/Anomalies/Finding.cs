namespace Broker.Checker.Anomalies;

/// <summary>One case of an anomaly.</summary>
/// <param name="What">A sentence.</param>
/// <param name="Key">The partition that it is about; -1 when it is about none or several.</param>
/// <param name="Offset">The offset that it is about; -1 when it is about none.</param>
/// <param name="Operations">Ordinals of the operations that show it.</param>
internal sealed record Finding(Anomaly Anomaly, string What, int Key, long Offset, int[] Operations);
