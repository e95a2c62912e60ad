namespace Broker.Client;

/// <summary>Where a transaction's records are in one partition: one after the other, in the order in which they were sent.</summary>
/// <param name="BaseOffset">Of the first of them.</param>
public readonly record struct CommittedRecords(string Topic, int Partition, long BaseOffset, long RecordCount);
