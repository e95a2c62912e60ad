namespace Broker.Engine.Entries;

/// <summary>What a journal entry means. The numbers are on disk: never reuse one.</summary>
internal enum EntryKind : byte
{
    /// <summary>One batch for one partition.</summary>
    Append = 1,
    TopicCreated = 2,
    TopicDeleted = 3,

    /// <summary>Configuration or partition count changed.</summary>
    TopicAltered = 4,
    LogStartAdvanced = 5,
    ProducerIdGiven = 6,

    /// <summary>The broker started.</summary>
    Incarnation = 7,

    /// <summary>A part of a partition's log is not as it was written: the partition is quarantined.</summary>
    DamageFound = 8,

    /// <summary>An operator had damage mended, or accepted that its records are lost.</summary>
    DamageSettled = 9,

    /// <summary>A producer with a name was opened: it has a new epoch.</summary>
    ProducerOpened = 10,

    /// <summary>Producers that had been idle for long, or that an operator deleted, are known no more.</summary>
    ProducersForgotten = 11,

    /// <summary>The last entry of a transaction, behind its batches: its outcome, and the offsets that it commits.</summary>
    TransactionCommitted = 12,

    /// <summary>Offsets of groups were committed alone.</summary>
    OffsetsCommitted = 13,
}
