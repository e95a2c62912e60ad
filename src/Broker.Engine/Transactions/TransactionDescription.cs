namespace Broker.Engine.Transactions;

/// <summary>A producer's transactions: the open one with what it has staged, and the newest commit.</summary>
/// <param name="Lsn">What the answer depends on.</param>
internal sealed record TransactionDescription(
    string Producer, long ProducerId, int Epoch, TransactionSummary? Open, IReadOnlyList<StagedPlace> Staged, TransactionOutcome? Committed,
    long Lsn);

/// <summary>What is staged for one partition.</summary>
internal readonly record struct StagedPlace(string Topic, int Partition, int BatchCount, long RecordCount, long Bytes);
