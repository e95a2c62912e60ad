namespace Broker.Client;

/// <summary>A transaction that is committed: durable and visible, all of it.</summary>
/// <param name="Partitions">Where its records are; none for offsets alone.</param>
public sealed record TransactionResult(IReadOnlyList<CommittedRecords> Partitions, DateTimeOffset CommitTime);
