using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Reports;

/// <summary>How much a history shows.</summary>
internal sealed record Figures
{
    public required int Operations { get; init; }

    public required int Ok { get; init; }

    public required int Failed { get; init; }

    /// <summary>In doubt, also because the history ends before the call does.</summary>
    public required int InDoubt { get; init; }

    public required int Processes { get; init; }

    /// <summary>Runs of the broker that answered.</summary>
    public required int Incarnations { get; init; }

    public required int RecordsSent { get; init; }

    public required int RecordsCommitted { get; init; }

    /// <summary>Distinct records that somebody polled.</summary>
    public required int RecordsPolled { get; init; }

    /// <summary>Committed, and polled by nobody.</summary>
    public required int RecordsUnseen { get; init; }

    /// <summary>Records of all polls that were ok: the more readers, the more.</summary>
    public required long RecordsRead { get; init; }

    /// <summary>Partitions that were written to.</summary>
    public required int Partitions { get; init; }

    /// <summary>Of these, those that a reader read from end to end after the last write.</summary>
    public required int PartitionsDrained { get; init; }

    public static Figures Of(Facts facts)
    {
        Operation[] operations = facts.History.Operations;
        int committed = 0, polled = 0, unseen = 0;
        var written = new HashSet<int>();
        foreach (ref readonly Write write in facts.Writes.All)
        {
            bool isCommitted = facts.Fates[write.Operation] == Fate.Committed;
            committed += isCommitted ? 1 : 0;
            polled += write.IsPolled ? 1 : 0;
            unseen += isCommitted && !write.IsPolled ? 1 : 0;
            written.Add(write.Key);
        }

        return new Figures
        {
            Operations = operations.Length,
            Ok = operations.Count(operation => operation.IsOk),
            Failed = operations.Count(operation => operation.Outcome == EventKind.Fail),
            InDoubt = operations.Count(operation => operation.Outcome == EventKind.Info),
            Processes = operations.Select(operation => operation.Process).Distinct().Count(),
            Incarnations = operations.Where(operation => operation.Incarnation >= 0).Select(operation => operation.Incarnation).Distinct().Count(),
            RecordsSent = facts.Writes.All.Length,
            RecordsCommitted = committed,
            RecordsPolled = polled,
            RecordsUnseen = unseen,
            RecordsRead = facts.Sightings.RecordsOfOkPolls,
            Partitions = written.Count,
            PartitionsDrained = written.Count(facts.Walk.IsDrained),
        };
    }
}
