using Broker.Checker.Anomalies;
using Broker.Checker.Evidence;
using Broker.Checker.Graph;
using Broker.Checker.Histories;

namespace Broker.Checker.Reports;

/// <summary>What a history says of the broker.</summary>
internal sealed class Verdict
{
    private static readonly Action<Facts, Findings>[] Checks =
    [
        OffsetConflicts.Find, ForeignRecords.Find, UncommittedReads.Find, MissingRecords.Find, PollOrder.Find, SendOrder.Find,
        RealtimeOrder.Find, Retries.Find, Fencing.Find, GroupOffsets.Find, ExactlyOnce.Find, LogEnds.Find, Standstills.Find, Cycles.Find,
    ];

    /// <exception cref="HistoryException">The history contradicts itself.</exception>
    public Verdict(History history, Policy policy)
    {
        Facts = new Facts(history);
        Policy = policy;
        Figures = Figures.Of(Facts);
        foreach (Action<Facts, Findings> find in Checks)
        {
            find(Facts, Findings);
        }
    }

    public Facts Facts { get; }

    public Policy Policy { get; }

    public Figures Figures { get; }

    public Findings Findings { get; } = new();

    /// <summary>Nobody has read anything: a history with nothing in it would be without fault, too.</summary>
    public bool ShowsNothing => Figures.RecordsRead == 0;

    public bool IsUndrained => Figures.PartitionsDrained < Figures.Partitions;

    public bool IsGood =>
        !ShowsNothing && !Findings.Counts.Any(each => Policy.Forbids(each.Anomaly)) && !(IsUndrained && Policy.ForbidsUndrained);

    /// <summary>In a word or a few.</summary>
    public string Words =>
        IsGood ? "good"
        : ShowsNothing ? "showed nothing"
        : Findings.Counts.Any(each => Policy.Forbids(each.Anomaly)) ? "bad"
        : "not drained";
}
