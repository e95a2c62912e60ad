namespace Broker.Client;

/// <param name="HighWatermark">The offset after the last readable record.</param>
/// <param name="LastAppendTime">Null when the partition is empty.</param>
/// <param name="EarliestDeletion">When retention by time may free the oldest segment; null when it never does.</param>
/// <param name="State">"online"; "quarantined" when a part of it is damaged and it takes no records; "damaged" when that part was given up.</param>
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
