using Broker.Engine.Transactions;

namespace Broker.Engine;

/// <summary>Numbers of the running engine.</summary>
/// <param name="SyncTime">How long the journal's newest sync took, or the one under way takes so far when that is more.</param>
internal readonly record struct EngineStatus(
    long DiskFreeBytes, long DiskNeededBytes, bool AcceptsWrites, long JournalTailBytes, long SyncCount, TimeSpan SyncTime, long RollCount,
    long CheckpointCount, int ProducerCount, TransactionStats Transactions);
