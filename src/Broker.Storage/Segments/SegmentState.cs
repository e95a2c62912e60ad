namespace Broker.Storage.Segments;

/// <summary>What a checkpoint keeps of one segment. Times are milliseconds since 1970 UTC.</summary>
/// <param name="BaseOffset">Offset of its first record.</param>
/// <param name="CapacityBytes">Up to where it may be written; never changes.</param>
/// <param name="EndPosition">Bytes written so far.</param>
/// <param name="NextOffset">Offset after its last record.</param>
/// <param name="MaxTimestampMs">Largest record timestamp, <see cref="long.MinValue"/> when empty.</param>
/// <param name="FirstAppendMs">Append time of its first batch.</param>
/// <param name="LastAppendMs">Append time of its last batch.</param>
internal readonly record struct SegmentState(
    long BaseOffset, int CapacityBytes, int EndPosition, long NextOffset, long MaxTimestampMs, long FirstAppendMs, long LastAppendMs)
{
    public static SegmentState Empty(long baseOffset, int capacityBytes) =>
        new(baseOffset, capacityBytes, EndPosition: 0, baseOffset, MaxTimestampMs: long.MinValue, FirstAppendMs: 0, LastAppendMs: 0);
}
