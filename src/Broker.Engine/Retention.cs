using Broker.Engine.Topics;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>Decides how far a partition's log start may advance. By the broker's append time and by size; whole segments.</summary>
internal static class Retention
{
    /// <returns>The offset before which records go; the log start when none do.</returns>
    public static long NewLogStart(PartitionHandle partition, long nowMs)
    {
        TopicSettings settings = partition.Settings;
        IReadOnlyList<Segment> segments = partition.Log.Segments;
        long end = partition.HighWatermark;
        long logStart = partition.LogStartOffset;
        long size = partition.Log.SizeBytes;
        for (int i = 0; i < segments.Count; i++)
        {
            Segment segment = segments[i];
            bool isActive = i == segments.Count - 1;
            bool tooOld = settings.RetentionMs != TopicSettings.Unlimited && segment.LastAppendMs + settings.RetentionMs < nowMs;
            bool tooMuch = settings.RetentionBytes != TopicSettings.Unlimited && !isActive
                && size - segment.EndPosition >= settings.RetentionBytes;
            if (segment.NextOffset > end || !(tooOld || tooMuch))
            {
                break;
            }

            size -= segment.EndPosition;
            logStart = Math.Max(logStart, segment.NextOffset);
        }

        return logStart;
    }
}
