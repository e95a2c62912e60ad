namespace Broker.Engine;

/// <summary>Numbers of the running engine.</summary>
public readonly record struct EngineStatus(
    long DiskFreeBytes, long DiskNeededBytes, bool AcceptsWrites, long JournalTailBytes, long SyncCount, long RollCount, long CheckpointCount,
    int ProducerCount);
