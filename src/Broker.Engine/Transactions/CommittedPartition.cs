using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>Where a transaction's records are in one partition: one after the other, with no others between.</summary>
internal readonly record struct CommittedPartition(TopicId TopicId, int Partition, long BaseOffset, long RecordCount);
