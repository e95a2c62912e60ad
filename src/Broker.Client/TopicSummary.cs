namespace Broker.Client;

/// <param name="RecordCount">Records that can be read now, over all partitions.</param>
/// <param name="SizeBytes">Bytes of those on disk.</param>
public sealed record TopicSummary(TopicDescription Topic, long RecordCount, long SizeBytes);
