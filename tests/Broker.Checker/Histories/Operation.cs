namespace Broker.Checker.Histories;

/// <summary>One call of a process, from its first event to its last. The order of events is the order of time.</summary>
internal sealed class Operation
{
    /// <summary>The number of an event that does not come.</summary>
    public const int Never = int.MaxValue;

    /// <param name="ordinal">Its place among all operations, by their beginning.</param>
    /// <param name="invoke">The event that began it.</param>
    /// <param name="completion">The event that ended it; null when the history ends before the call does.</param>
    public Operation(int ordinal, HistoryEvent invoke, HistoryEvent? completion)
    {
        // What is known only at the end stands there; what was known at the beginning perhaps only there.
        HistoryEvent told = completion ?? invoke;
        Ordinal = ordinal;
        Process = invoke.Process;
        Function = invoke.Function;
        Outcome = completion?.Kind ?? EventKind.Info;
        InvokedAt = (int)invoke.Index;
        EndedAt = completion is null ? Never : (int)completion.Index;
        InvokedNs = invoke.TimeNs;
        EndedNs = told.TimeNs;
        Sends = told.Sends.Length > 0 ? told.Sends : invoke.Sends;
        Polls = told.Polls;
        Positions = told.Positions.Length > 0 ? told.Positions : invoke.Positions;
        Ends = told.Ends;
        Rebalanced = told.Rebalanced;
        Group = told.Group ?? invoke.Group;
        TransactionalId = told.TransactionalId ?? invoke.TransactionalId;
        ProducerId = told.ProducerId >= 0 ? told.ProducerId : invoke.ProducerId;
        Epoch = told.Epoch >= 0 ? told.Epoch : invoke.Epoch;
        TransactionNumber = told.TransactionNumber >= 0 ? told.TransactionNumber : invoke.TransactionNumber;
        CommitTimeNs = told.CommitTimeNs;
        Committed = told.Committed;
        IsRetry = invoke.IsRetry;
        Incarnation = told.Incarnation;
        Error = told.Error;
    }

    public int Ordinal { get; }

    public int Process { get; }

    public Function Function { get; }

    /// <summary>Ok, Fail or Info; Info also for a call that did not come to an end.</summary>
    public EventKind Outcome { get; }

    public bool IsOk => Outcome == EventKind.Ok;

    /// <summary>Number of the event that began it.</summary>
    public int InvokedAt { get; }

    /// <summary>Number of the event that ended it; <see cref="Never"/> without one.</summary>
    public int EndedAt { get; }

    /// <summary>From when on other calls come after it: what is in doubt may happen at any later time.</summary>
    public int CompletedAt => IsOk ? EndedAt : Never;

    public long InvokedNs { get; }

    /// <summary>As <see cref="InvokedNs"/> for a call that did not come to an end.</summary>
    public long EndedNs { get; }

    public SentRecord[] Sends { get; }

    public PolledRecord[] Polls { get; }

    public PartitionPosition[] Positions { get; }

    public PartitionEnds[] Ends { get; }

    public int[] Rebalanced { get; }

    public string? Group { get; }

    public string? TransactionalId { get; }

    public long ProducerId { get; }

    public int Epoch { get; }

    public long TransactionNumber { get; }

    public long CommitTimeNs { get; }

    public bool? Committed { get; }

    public bool IsRetry { get; }

    public long Incarnation { get; }

    public string? Error { get; }
}
