namespace Broker.Client;

/// <param name="RecordCount">Records that can be read now, over all partitions.</param>
/// <param name="SizeBytes">Bytes of those on disk.</param>
/// <param name="QuarantinedPartitionCount">Partitions that are damaged and take no records; <see cref="AdminClient.DescribeTopicAsync"/> says which and why.</param>
public sealed record TopicSummary(TopicDescription Topic, long RecordCount, long SizeBytes, int QuarantinedPartitionCount);
