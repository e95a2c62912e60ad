namespace Broker.Client;

/// <param name="HighWatermark">The offset after the last readable record.</param>
/// <param name="LastAppendTime">Null when the partition is empty.</param>
/// <param name="EarliestDeletion">When retention by time may free the oldest segment; null when it never does.</param>
/// <param name="State">"online", or "damaged" when a read met bytes that are not as they were written.</param>
/// <param name="StateDetail">Why, when not online.</param>
public sealed record PartitionDescription(
    int Partition,
    long LogStartOffset,
    long HighWatermark,
    long SizeBytes,
    int SegmentCount,
    DateTimeOffset? LastAppendTime,
    DateTimeOffset? EarliestDeletion,
    string State,
    string StateDetail);
