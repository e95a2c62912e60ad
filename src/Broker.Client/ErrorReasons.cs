namespace Broker.Client;

/// <summary>The reasons that this client acts on or gives itself. docs/protocol.md lists all of them.</summary>
public static class ErrorReasons
{
    public const string UnknownTopicOrPartition = "UNKNOWN_TOPIC_OR_PARTITION";
    public const string TopicAlreadyExists = "TOPIC_ALREADY_EXISTS";
    public const string OffsetOutOfRange = "OFFSET_OUT_OF_RANGE";
    public const string CorruptMessage = "CORRUPT_MESSAGE";
    public const string DataLoss = "DATA_LOSS";
    public const string PartitionQuarantined = "PARTITION_QUARANTINED";
    public const string MessageTooLarge = "MESSAGE_TOO_LARGE";
    public const string OutOfOrderSequenceNumber = "OUT_OF_ORDER_SEQUENCE_NUMBER";
    public const string PrecedingBatchRefused = "PRECEDING_BATCH_REFUSED";
    public const string DuplicateSequenceNumber = "DUPLICATE_SEQUENCE_NUMBER";
    public const string ExpectedOffsetMismatch = "EXPECTED_OFFSET_MISMATCH";
    public const string UnknownProducer = "UNKNOWN_PRODUCER";
    public const string ProducerLimitReached = "PRODUCER_LIMIT_REACHED";
    public const string UnknownProducerId = "UNKNOWN_PRODUCER_ID";
    public const string InvalidProducerEpoch = "INVALID_PRODUCER_EPOCH";
    public const string ProducerFenced = "PRODUCER_FENCED";
    public const string TransactionAbortable = "TRANSACTION_ABORTABLE";
    public const string UnsupportedCompressionType = "UNSUPPORTED_COMPRESSION_TYPE";
    public const string BrokerNotAvailable = "BROKER_NOT_AVAILABLE";
    public const string KafkaStorageError = "KAFKA_STORAGE_ERROR";

    /// <summary>Given by the client: the broker could not be reached, or the connection broke.</summary>
    public const string NetworkException = "NETWORK_EXCEPTION";

    /// <summary>Given by the client: no answer within the time that its options allow.</summary>
    public const string RequestTimedOut = "REQUEST_TIMED_OUT";

    /// <summary>Given by the client: what answers there does not offer this call.</summary>
    public const string UnsupportedVersion = "UNSUPPORTED_VERSION";

    /// <summary>Given by the client: it was closed before the record was acknowledged.</summary>
    public const string ClientClosed = "CLIENT_CLOSED";

    /// <summary>Given by the client: a fault in the client itself, or in code that it was given, such as a partitioner.</summary>
    public const string ClientFailed = "CLIENT_FAILED";

    /// <summary>Given by the client: the broker answered in a way that this protocol does not allow.</summary>
    public const string ProtocolViolation = "PROTOCOL_VIOLATION";
}
