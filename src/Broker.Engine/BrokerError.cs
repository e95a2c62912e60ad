namespace Broker.Engine;

/// <summary>Every way in which the engine refuses. The wire name and status of each stand in one table in the server.</summary>
internal enum BrokerError
{
    None,

    /// <summary>Before the log start or behind the high watermark. Facts: log start, high watermark.</summary>
    OffsetOutOfRange,

    /// <summary>A batch from a client does not pass its checksums.</summary>
    CorruptMessage,

    /// <summary>A stored batch is damaged: its bytes are kept, and not served.</summary>
    DataLoss,

    /// <summary>A part of the partition's log is damaged: it takes no records until an operator has decided.</summary>
    PartitionQuarantined,
    UnknownTopicOrPartition,
    TopicAlreadyExists,
    InvalidTopicName,
    InvalidPartitions,
    InvalidConfig,

    /// <summary>Facts: size, limit.</summary>
    MessageTooLarge,
    InvalidRecord,
    UnsupportedCodec,

    /// <summary>A record is dated too far in the future. Facts: timestamp, latest allowed.</summary>
    InvalidTimestamp,

    /// <summary>A batch is missing before this one. Facts: sequence found, sequence expected.</summary>
    OutOfOrderSequenceNumber,

    /// <summary>
    /// A batch before this one was refused, so this one comes too early: it may be sent again behind that. Facts: sequence
    /// found, sequence expected.
    /// </summary>
    PrecedingBatchRefused,

    /// <summary>Already appended, so long ago that its offset is forgotten. Facts: sequence found, sequence expected.</summary>
    DuplicateSequenceNumber,

    /// <summary>Never given, or given up after long idle time.</summary>
    UnknownProducerId,

    /// <summary>Another instance has taken over. Facts: epoch found, current epoch.</summary>
    InvalidProducerEpoch,

    /// <summary>There are as many producers as may be remembered, and none is idle. Facts: limit.</summary>
    ProducerLimitReached,

    /// <summary>No producer has this name, or this id.</summary>
    UnknownProducer,

    /// <summary>The partition does not end where the writer thinks. Facts: last offset expected, last offset.</summary>
    ExpectedOffsetMismatch,

    /// <summary>The transaction was aborted, and nothing of it was written. Facts: its number, the cause.</summary>
    TransactionAborted,

    /// <summary>
    /// The call does not fit to where the transaction is: it is committed, being committed, or older than the newest that was. Facts: its number.
    /// </summary>
    InvalidTransactionState,

    /// <summary>Facts: the timeout that was asked for and the longest, milliseconds.</summary>
    InvalidTransactionTimeout,

    /// <summary>The transaction is larger than it may be, and was aborted. Facts: size, limit.</summary>
    TransactionTooLarge,

    /// <summary>There are as many open transactions as there may be. Facts: count, limit.</summary>
    TransactionLimitReached,

    /// <summary>There is no room for what open transactions are to write. Facts: bytes, limit.</summary>
    StagingFull,

    /// <summary>Too little free disk space to accept writes. Facts: free bytes, needed bytes.</summary>
    DiskFull,

    /// <summary>A write or sync failed: the outcome of what was waiting is unknown, the broker stops.</summary>
    StorageError,

    /// <summary>The process has no file handle, map or memory left for this read: the same may work later.</summary>
    TooManyFiles,

    /// <summary>Starting or stopping.</summary>
    NotReady,

    InvalidRequest,
}
