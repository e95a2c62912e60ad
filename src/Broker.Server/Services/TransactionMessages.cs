using Broker.Engine;
using Broker.Engine.Offsets;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Protocol;
using Broker.Protocol.V1;
using CommittedOffset = Broker.Protocol.V1.CommittedOffset;
using CommittedPartition = Broker.Protocol.V1.CommittedPartition;
using ManifestPartition = Broker.Engine.Transactions.ManifestPartition;
using OffsetCommit = Broker.Engine.Offsets.OffsetCommit;
using OpenTransaction = Broker.Protocol.V1.OpenTransaction;
using StagedPartition = Broker.Protocol.V1.StagedPartition;
using TransactionContext = Broker.Engine.Transactions.TransactionContext;
using TransactionKey = Broker.Engine.Transactions.TransactionKey;

namespace Broker.Server.Services;

/// <summary>Transactions and offsets, between messages and engine.</summary>
internal static class TransactionMessages
{
    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(60);

    public static TransactionContext Convert(FrameTransaction transaction) => new(
        (long)transaction.Incarnation, (long)transaction.Number,
        transaction.TimeoutMs == 0 ? TimeoutDefault : TimeSpan.FromMilliseconds(transaction.TimeoutMs));

    /// <exception cref="BrokerException">It is missing.</exception>
    public static TransactionKey Convert(Protocol.V1.TransactionKey? key) => key is null
        ? throw new BrokerException(BrokerError.InvalidRequest, "The call names no transaction.")
        : new TransactionKey((long)key.Incarnation, key.ProducerId, (int)key.ProducerEpoch, (long)key.Number);

    public static Protocol.V1.TransactionKey Convert(TransactionKey key) => new()
    {
        Incarnation = (ulong)key.Incarnation,
        ProducerId = key.ProducerId,
        ProducerEpoch = (uint)key.Epoch,
        Number = (ulong)key.Number,
    };

    /// <inheritdoc cref="Convert(Protocol.V1.ManifestPartition)"/>
    public static ManifestPartition[] ManifestOf(CommitTransactionRequest request) => [.. request.Manifest.Select(Convert)];

    /// <inheritdoc cref="Convert(Protocol.V1.ManifestPartition)"/>
    public static OffsetCommit[] OffsetsOf(CommitTransactionRequest request) => [.. request.Offsets.Select(Convert)];

    /// <exception cref="BrokerException">A topic id has not 16 bytes.</exception>
    public static ManifestPartition Convert(Protocol.V1.ManifestPartition partition) => new(
        TopicLookup.ToTopicId(partition.TopicId), partition.Partition, partition.BatchCount, partition.RecordCount);

    /// <inheritdoc cref="Convert(Protocol.V1.ManifestPartition)"/>
    public static OffsetCommit Convert(Protocol.V1.OffsetCommit commit) => new(
        commit.Group, TopicLookup.ToTopicId(commit.TopicId), commit.Partition, commit.Offset, commit.Metadata);

    public static CommittedOffset Convert(GroupOffset offset) => new()
    {
        Topic = offset.Topic,
        TopicId = TopicLookup.ToBytes(offset.TopicId),
        Partition = offset.Partition,
        Offset = offset.Offset,
        Metadata = offset.Metadata,
        CommitTimeMs = offset.CommitTimeMs,
    };

    /// <summary>With the run that answers; the transaction itself may be of an earlier one.</summary>
    public static TransactionCommit Convert(TransactionOutcome outcome, long producerId, BrokerEngine engine) => new()
    {
        Partitions = { outcome.Partitions.Select(place => Convert(place, engine)) },
        CommitTimeMs = outcome.CommitTimeMs,
        Lsn = (ulong)outcome.Lsn,
        Transaction = Convert(new TransactionKey(engine.Incarnation, producerId, outcome.Epoch, outcome.Number)),
    };

    public static OpenTransaction Convert(TransactionSummary open, long incarnation) => new()
    {
        Producer = open.Producer,
        Transaction = Convert(new TransactionKey(incarnation, open.ProducerId, open.Epoch, open.Number)),
        ClientId = open.ClientId,
        AgeMs = open.AgeMs,
        TimeoutMs = open.TimeoutMs,
        PartitionCount = open.PartitionCount,
        BatchCount = open.BatchCount,
        RecordCount = open.RecordCount,
        Bytes = open.Bytes,
        FileBytes = open.FileBytes,
    };

    public static StagedPartition Convert(StagedPlace staged) => new()
    {
        Topic = staged.Topic,
        Partition = staged.Partition,
        BatchCount = staged.BatchCount,
        RecordCount = staged.RecordCount,
        Bytes = staged.Bytes,
    };

    private static CommittedPartition Convert(Engine.Transactions.CommittedPartition place, BrokerEngine engine)
    {
        PartitionHandle? partition = engine.FindPartition(place.TopicId, place.Partition);
        return new CommittedPartition
        {
            TopicId = TopicLookup.ToBytes(place.TopicId),
            Topic = partition?.TopicName ?? "",
            Partition = place.Partition,
            BaseOffset = place.BaseOffset,
            RecordCount = place.RecordCount,
        };
    }
}
