namespace Broker.Engine.Topics;

/// <summary>Numbers of one partition. Times are milliseconds since 1970 UTC; −1 for none.</summary>
internal readonly record struct PartitionStats(
    long LogStartOffset, long HighWatermark, long SizeBytes, int SegmentCount, long LastAppendMs, long EarliestDeletionMs);
