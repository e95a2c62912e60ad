namespace Broker.Engine.Transactions;

/// <summary>All transactions of this run, in numbers.</summary>
/// <param name="OldestAge">Of those that are open.</param>
/// <param name="FencedCount">Calls that were refused because another instance had taken over.</param>
internal readonly record struct TransactionStats(
    int OpenCount, TimeSpan OldestAge, long StagedBytes, long StagedMemoryBytes, long CommitCount, long AbortCount, long FencedCount);
