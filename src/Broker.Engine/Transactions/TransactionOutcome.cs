namespace Broker.Engine.Transactions;

/// <summary>A transaction that was committed, as its producer needs to know when it asks again.</summary>
/// <param name="Lsn">The journal entry that it is.</param>
internal sealed record TransactionOutcome(
    int Epoch, long Number, long CommitTimeMs, IReadOnlyList<CommittedPartition> Partitions, long Lsn);
