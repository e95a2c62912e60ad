namespace Broker.Engine.Transactions;

/// <summary>One open transaction in a list.</summary>
/// <param name="Bytes">Staged: stored batches as they will be in the log.</param>
internal readonly record struct TransactionSummary(
    string Producer, long ProducerId, int Epoch, long Number, string ClientId, long AgeMs, long TimeoutMs, int PartitionCount, int BatchCount,
    long RecordCount, long Bytes, long FileBytes);
