using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>What a producer says it has sent to one partition within a transaction.</summary>
internal readonly record struct ManifestPartition(TopicId TopicId, int Partition, int BatchCount, long RecordCount);
