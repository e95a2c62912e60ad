namespace Broker.Checker.Histories;

/// <summary>One line of a history: a call is made, or has come to its end. Fields are those of docs/history-format.md.</summary>
/// <remarks>Only the parser sets a property later: a copy for each field would be most of its time.</remarks>
internal sealed record HistoryEvent(int Process, EventKind Kind, Function Function)
{
    public int Process { get; set; } = Process;

    public EventKind Kind { get; set; } = Kind;

    public Function Function { get; set; } = Function;

    /// <summary>The number of the event, from 0 on without a gap. The writer gives it.</summary>
    public long Index { get; set; } = -1;

    /// <summary>Monotonic time in nanoseconds. The writer takes it.</summary>
    public long TimeNs { get; set; }

    public SentRecord[] Sends { get; set; } = [];

    /// <summary>In the order in which they were handed out.</summary>
    public PolledRecord[] Polls { get; set; } = [];

    /// <summary>Of a group when offsets are committed or fetched; where to poll from when partitions are assigned.</summary>
    public PartitionPosition[] Positions { get; set; } = [];

    public PartitionEnds[] Ends { get; set; } = [];

    /// <summary>Partitions that a group took from the process or gave to it since its last poll.</summary>
    public int[] Rebalanced { get; set; } = [];

    public string? Group { get; set; }

    /// <summary>Transactional id, or the name of a producer.</summary>
    public string? TransactionalId { get; set; }

    public long ProducerId { get; set; } = -1;

    public int Epoch { get; set; } = -1;

    public long TransactionNumber { get; set; } = -1;

    /// <summary>When a transaction asked to be committed, on the clock of <see cref="TimeNs"/>; -1 when it is not known.</summary>
    public long CommitTimeNs { get; set; } = -1;

    /// <summary>What a call that ends a transaction was told: it is committed (true) or aborted.</summary>
    public bool? Committed { get; set; }

    /// <summary>The batch was sent before, under the same producer and sequence.</summary>
    public bool IsRetry { get; set; }

    /// <summary>The broker's run that answered; -1 when there was no answer.</summary>
    public long Incarnation { get; set; } = -1;

    /// <summary>Why it failed, for people.</summary>
    public string? Error { get; set; }
}
