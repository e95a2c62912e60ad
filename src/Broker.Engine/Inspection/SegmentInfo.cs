namespace Broker.Engine.Inspection;

/// <summary>One segment of a partition.</summary>
/// <param name="EndPosition">Bytes in it that count; behind them may be room, or bytes of an earlier use of the file.</param>
/// <param name="IsSealed">Not the partition's last.</param>
internal sealed record SegmentInfo(
    string Topic, string TopicId, int Partition, long BaseOffset, long NextOffset, long EndPosition, bool IsSealed, string Path);
