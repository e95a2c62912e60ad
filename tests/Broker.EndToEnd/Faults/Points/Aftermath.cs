namespace Broker.EndToEnd.Faults.Points;

/// <summary>What is left for the start after a crash.</summary>
internal enum Aftermath
{
    /// <summary>All that was written: the process alone ended.</summary>
    CacheKept,

    /// <summary>What was synced.</summary>
    CacheLost,

    /// <summary>What was synced, without the snapshot log: RocksDB alone must do.</summary>
    SnapshotGone,
}
