using Broker.Checker.Anomalies;

namespace Broker.Checker.Reports;

/// <summary>What is forbidden. Without more, every anomaly but two: a transaction reads before it commits, so cycles with rw may be.</summary>
internal sealed record Policy
{
    /// <summary>Forbid what is otherwise only reported, by name.</summary>
    public IReadOnlySet<string> Also { get; init; } = new HashSet<string>();

    /// <summary>Names that <see cref="Also"/> may have.</summary>
    public static IReadOnlyList<string> Choices { get; } = [Anomaly.SingleAntiDependency.Name, Anomaly.AntiDependencyCycle.Name, Undrained];

    /// <summary>A partition that was written to was not read from end to end after the last write.</summary>
    public const string Undrained = "undrained";

    public bool Forbids(Anomaly anomaly) =>
        (anomaly != Anomaly.SingleAntiDependency && anomaly != Anomaly.AntiDependencyCycle) || Also.Contains(anomaly.Name);

    public bool ForbidsUndrained => Also.Contains(Undrained);
}
