namespace Broker.Client;

/// <summary>Records of one partition that are damaged on the broker's disk and cannot be read.</summary>
/// <param name="FromOffset">The first of them that was to be read.</param>
/// <param name="NextOffset">The first behind them.</param>
public sealed record DamagedOffsets(string Topic, int Partition, long FromOffset, long NextOffset);
