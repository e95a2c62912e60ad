namespace Broker.Storage.Segments;

/// <summary>
/// A part of one segment that is not as it was written, from the first batch that is not intact to the next that is, or to
/// the segment's end. Its offsets are never given to other records.
/// </summary>
/// <param name="SegmentBaseOffset">Which segment of the partition.</param>
/// <param name="FromPosition">First byte of the first damaged batch.</param>
/// <param name="ToPosition">Byte where the next intact batch begins, or the end of the segment.</param>
/// <param name="FromOffset">First offset that cannot be read.</param>
/// <param name="NextOffset">First offset behind it that can.</param>
internal sealed record DamagedRange(long SegmentBaseOffset, int FromPosition, int ToPosition, long FromOffset, long NextOffset)
{
    public bool Holds(long offset) => offset >= FromOffset && offset < NextOffset;

    internal bool HoldsPosition(int position) => position >= FromPosition && position < ToPosition;
}
