namespace Broker.Engine.Transactions;

/// <summary>What a batch that belongs to a transaction comes with; producer and epoch stand in the batch.</summary>
/// <param name="Timeout">For how long the transaction may be open.</param>
internal readonly record struct TransactionContext(long Incarnation, long Number, TimeSpan Timeout);
