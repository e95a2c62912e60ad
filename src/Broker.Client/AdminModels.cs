using Broker.Protocol.V1;

namespace Broker.Client;

/// <summary>Turns wire messages of the admin service into the SDK's own types.</summary>
internal static class AdminModels
{
    public static TopicDescription ToDescription(
        Topic topic,
        IEnumerable<TopicSetting>? settings = null,
        IEnumerable<Partition>? partitions = null)
    {
        return new TopicDescription(
            topic.Name,
            topic.TopicId.Length == 16 ? new Guid(topic.TopicId.Span, bigEndian: true) : Guid.Empty,
            topic.PartitionCount,
            DateTimeOffset.FromUnixTimeMilliseconds(topic.CreatedMs),
            new Dictionary<string, string>(topic.Config),
            [.. (settings ?? []).Select(s => new TopicSettingDescription(s.Name, s.Value, s.IsExplicit, s.Description))],
            [.. (partitions ?? []).Select(ToDescription)]);
    }

    public static ServerInfo ToServerInfo(GetServerInfoResponse info)
    {
        return new ServerInfo(
            info.Version,
            info.Incarnation,
            [.. info.Features],
            new ServerLimits(
                info.Limits.RecordBytesMax,
                info.Limits.BatchBytesMax,
                info.Limits.MessageBytesMax,
                info.Limits.PartitionsPerTopicMax,
                info.Limits.ProducerWindowBatches),
            DateTimeOffset.FromUnixTimeMilliseconds(info.StartedMs),
            info.DataDirectory,
            info.Security,
            TimeSpan.FromMicroseconds(info.SyncTimeUs),
            info.TopicCount,
            info.PartitionCount,
            info.DiskFreeBytes,
            info.VisibleLsn,
            [.. info.Problems]);
    }

    public static ProducerDescription ToDescription(ProducerInfo producer)
    {
        return new ProducerDescription(
            producer.ProducerId,
            producer.Name.Length == 0 ? null : producer.Name,
            (int)producer.ProducerEpoch,
            producer.ClientId,
            TimeSpan.FromMilliseconds(producer.IdleMs),
            producer.PartitionCount);
    }

    public static OpenTransaction ToOpen(Protocol.V1.OpenTransaction open) => new(
        open.Producer,
        open.Transaction.ProducerId,
        (int)open.Transaction.ProducerEpoch,
        (long)open.Transaction.Number,
        open.ClientId,
        TimeSpan.FromMilliseconds(open.AgeMs),
        TimeSpan.FromMilliseconds(open.TimeoutMs),
        open.PartitionCount,
        open.BatchCount,
        open.RecordCount,
        open.Bytes,
        open.FileBytes);

    public static TransactionResult ToResult(TransactionCommit commit) => new(
        [.. commit.Partitions.Select(place => new CommittedRecords(place.Topic, place.Partition, place.BaseOffset, place.RecordCount))],
        DateTimeOffset.FromUnixTimeMilliseconds(commit.CommitTimeMs));

    public static ProducerPosition ToPosition(Protocol.V1.ProducerPosition position)
    {
        return new ProducerPosition(
            position.Topic,
            new Guid(position.TopicId.Span, bigEndian: true),
            position.Partition,
            position.NextSequence,
            position.LastOffset,
            DateTimeOffset.FromUnixTimeMilliseconds(position.LastAppendTimeMs));
    }

    private static PartitionDescription ToDescription(Partition partition)
    {
        return new PartitionDescription(
            partition.Partition_,
            partition.LogStartOffset,
            partition.HighWatermark,
            partition.SizeBytes,
            partition.SegmentCount,
            partition.HasLastAppendTimeMs ? DateTimeOffset.FromUnixTimeMilliseconds(partition.LastAppendTimeMs) : null,
            partition.HasEarliestDeletionMs ? DateTimeOffset.FromUnixTimeMilliseconds(partition.EarliestDeletionMs) : null,
            partition.State,
            partition.StateDetail);
    }
}
