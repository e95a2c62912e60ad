namespace Broker.Checker.Histories;

/// <summary>What a call asks for.</summary>
internal enum Function : byte
{
    /// <summary>One batch for one partition.</summary>
    Send,

    /// <summary>Records from wherever the process stands.</summary>
    Poll,

    /// <summary>A transaction from its beginning to its commit: sends, polls, and offsets of a group.</summary>
    Txn,
    CommitOffsets,
    FetchOffsets,

    /// <summary>The log starts and high watermarks of some partitions.</summary>
    ListOffsets,

    /// <summary>From now on the process polls these partitions, from these positions, and no others.</summary>
    Assign,

    /// <summary>From now on the broker says what the process polls.</summary>
    Subscribe,
    InitProducer,

    /// <summary>Ends a transaction whose outcome is in doubt, or asks what became of it.</summary>
    EndTxn,

    /// <summary>The process ends, with what it had open.</summary>
    Crash,
}
