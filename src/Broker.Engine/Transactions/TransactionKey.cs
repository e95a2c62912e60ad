namespace Broker.Engine.Transactions;

/// <summary>Which transaction a call is about.</summary>
/// <param name="Incarnation">The run of the broker that the transaction was begun in: it does not outlive it.</param>
/// <param name="Number">Counted by the producer from 1 on within an epoch; each transaction has a larger one.</param>
internal readonly record struct TransactionKey(long Incarnation, long ProducerId, int Epoch, long Number);
