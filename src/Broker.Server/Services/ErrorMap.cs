using Broker.Engine;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>The one place where a refusal of the engine becomes a gRPC status or an error within a stream.</summary>
/// <remarks>Reasons are never renamed: clients compare them. docs/protocol.md lists them.</remarks>
internal static class ErrorMap
{
    public const string Domain = "broker";
    public const string DefiniteKey = "definite";
    public const string RetriableKey = "retriable";

    public static ErrorRule Of(BrokerError error) => error switch
    {
        BrokerError.OffsetOutOfRange => Final(StatusCode.OutOfRange, "OFFSET_OUT_OF_RANGE"),
        BrokerError.CorruptMessage => Final(StatusCode.InvalidArgument, "CORRUPT_MESSAGE"),
        BrokerError.DataLoss => Final(StatusCode.DataLoss, "DATA_LOSS"),
        BrokerError.PartitionQuarantined => Final(StatusCode.FailedPrecondition, "PARTITION_QUARANTINED"),
        BrokerError.TooManyFiles => new ErrorRule(StatusCode.ResourceExhausted, "TOO_MANY_FILES", IsRetriable: true, IsDefinite: true),
        BrokerError.UnknownTopicOrPartition => Final(StatusCode.NotFound, "UNKNOWN_TOPIC_OR_PARTITION"),
        BrokerError.TopicAlreadyExists => Final(StatusCode.AlreadyExists, "TOPIC_ALREADY_EXISTS"),
        BrokerError.InvalidTopicName => Final(StatusCode.InvalidArgument, "INVALID_TOPIC_EXCEPTION"),
        BrokerError.InvalidPartitions => Final(StatusCode.InvalidArgument, "INVALID_PARTITIONS"),
        BrokerError.InvalidConfig => Final(StatusCode.InvalidArgument, "INVALID_CONFIG"),
        BrokerError.MessageTooLarge => Final(StatusCode.InvalidArgument, "MESSAGE_TOO_LARGE"),
        BrokerError.InvalidRecord => Final(StatusCode.InvalidArgument, "INVALID_RECORD"),
        BrokerError.UnsupportedCodec => Final(StatusCode.InvalidArgument, "UNSUPPORTED_COMPRESSION_TYPE"),
        BrokerError.InvalidTimestamp => Final(StatusCode.InvalidArgument, "INVALID_TIMESTAMP"),
        BrokerError.InvalidRequest => Final(StatusCode.InvalidArgument, "INVALID_REQUEST"),
        BrokerError.OutOfOrderSequenceNumber => Final(StatusCode.FailedPrecondition, "OUT_OF_ORDER_SEQUENCE_NUMBER"),
        BrokerError.PrecedingBatchRefused =>
            new ErrorRule(StatusCode.FailedPrecondition, "PRECEDING_BATCH_REFUSED", IsRetriable: true, IsDefinite: true),
        BrokerError.ExpectedOffsetMismatch => Final(StatusCode.FailedPrecondition, "EXPECTED_OFFSET_MISMATCH"),
        BrokerError.ProducerLimitReached =>
            new ErrorRule(StatusCode.ResourceExhausted, "PRODUCER_LIMIT_REACHED", IsRetriable: true, IsDefinite: true),
        BrokerError.UnknownProducer => Final(StatusCode.NotFound, "UNKNOWN_PRODUCER"),
        BrokerError.UnknownProducerId => Final(StatusCode.FailedPrecondition, "UNKNOWN_PRODUCER_ID"),
        BrokerError.InvalidProducerEpoch => Final(StatusCode.FailedPrecondition, "INVALID_PRODUCER_EPOCH"),
        // It is in the log, only its offset is forgotten: that is not "certainly did not happen".
        BrokerError.DuplicateSequenceNumber =>
            new ErrorRule(StatusCode.FailedPrecondition, "DUPLICATE_SEQUENCE_NUMBER", IsRetriable: false, IsDefinite: false),
        BrokerError.TransactionAborted => Final(StatusCode.Aborted, "TRANSACTION_ABORTABLE"),
        BrokerError.InvalidTransactionState => Final(StatusCode.FailedPrecondition, "INVALID_TXN_STATE"),
        BrokerError.InvalidTransactionTimeout => Final(StatusCode.InvalidArgument, "INVALID_TRANSACTION_TIMEOUT"),
        BrokerError.TransactionTooLarge => Final(StatusCode.InvalidArgument, "TRANSACTION_TOO_LARGE"),
        BrokerError.TransactionLimitReached =>
            new ErrorRule(StatusCode.ResourceExhausted, "TRANSACTION_LIMIT_REACHED", IsRetriable: true, IsDefinite: true),
        BrokerError.StagingFull => new ErrorRule(StatusCode.ResourceExhausted, "TRANSACTION_STAGING_FULL", IsRetriable: true, IsDefinite: true),
        BrokerError.DiskFull => new ErrorRule(StatusCode.ResourceExhausted, "DISK_FULL", IsRetriable: true, IsDefinite: true),
        BrokerError.StorageError => new ErrorRule(StatusCode.Unavailable, "KAFKA_STORAGE_ERROR", IsRetriable: true, IsDefinite: false),
        BrokerError.NotReady => new ErrorRule(StatusCode.Unavailable, "BROKER_NOT_AVAILABLE", IsRetriable: true, IsDefinite: true),
        _ => throw new InvalidOperationException($"no rule for {error}"),
    };

    /// <summary>What a batch that fails validation is refused with.</summary>
    public static BrokerError Of(BatchError error) => error switch
    {
        BatchError.TooLarge or BatchError.RecordTooLarge or BatchError.DecompressedTooLarge => BrokerError.MessageTooLarge,
        BatchError.UnknownCodec => BrokerError.UnsupportedCodec,
        BatchError.PrefixCrcMismatch or BatchError.BatchCrcMismatch or BatchError.TooShort or BatchError.LengthMismatch =>
            BrokerError.CorruptMessage,
        _ => BrokerError.InvalidRecord,
    };

    public static RpcException ToRpcException(BrokerException e) => ToRpcException(e.Error, e.Message, e.Facts);

    public static RpcException ToRpcException(BrokerError error, string message, IReadOnlyDictionary<string, string>? facts = null)
    {
        ErrorRule rule = Of(error);
        var info = new ErrorInfo { Domain = Domain, Reason = rule.Reason };
        foreach ((string key, string value) in facts ?? NoFacts)
        {
            info.Metadata[key] = value;
        }

        info.Metadata[DefiniteKey] = rule.IsDefinite ? "true" : "false";
        info.Metadata[RetriableKey] = rule.IsRetriable ? "true" : "false";
        var status = new Google.Rpc.Status { Code = (int)rule.Status, Message = message, Details = { Any.Pack(info) } };
        return status.ToRpcException();
    }

    /// <summary>The journal has failed: whatever was waiting may or may not be on disk.</summary>
    public static RpcException OutcomeUnknown(Exception cause) =>
        ToRpcException(BrokerError.StorageError, $"The journal has failed and the outcome of this call is unknown: {cause.Message}");

    /// <summary>Null when the exception is neither a refusal nor a failure of the storage.</summary>
    public static RpcException? TryMap(Exception e) => e switch
    {
        RpcException rpc => rpc,
        BrokerException refusal => ToRpcException(refusal),
        DiskException { MayPass: true } shortage => ToRpcException(BrokerError.TooManyFiles, shortage.Message),
        StorageException failure => OutcomeUnknown(failure),
        _ => null,
    };

    /// <inheritdoc cref="TryMap"/>
    public static Protocol.V1.Error? TryMapToError(Exception e) => e switch
    {
        BrokerException refusal => ToError(refusal.Error, refusal.Message, refusal.Facts),
        DiskException { MayPass: true } shortage => ToError(BrokerError.TooManyFiles, shortage.Message),
        StorageException failure => ToError(BrokerError.StorageError, failure.Message),
        _ => null,
    };

    public static Protocol.V1.Error ToError(BrokerError error, string message, IReadOnlyDictionary<string, string>? facts = null)
    {
        ErrorRule rule = Of(error);
        var result = new Protocol.V1.Error
        {
            Reason = rule.Reason,
            Message = message,
            Definite = rule.IsDefinite,
            Retriable = rule.IsRetriable,
        };
        foreach ((string key, string value) in facts ?? NoFacts)
        {
            result.Metadata[key] = value;
        }

        return result;
    }

    private static readonly Dictionary<string, string> NoFacts = [];

    private static ErrorRule Final(StatusCode status, string reason) => new(status, reason, IsRetriable: false, IsDefinite: true);
}
