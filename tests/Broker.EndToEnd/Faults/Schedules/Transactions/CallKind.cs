namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>What a transactional call asks for.</summary>
internal enum CallKind
{
    /// <summary>Takes the name over: the next instance.</summary>
    Open,

    /// <summary>A batch of a transaction.</summary>
    Send,

    /// <summary>Commits with the manifest of all that the transaction is to have.</summary>
    Commit,

    Abort,

    /// <summary>Asks what became of it, which aborts what has no outcome yet.</summary>
    Outcome,
}
