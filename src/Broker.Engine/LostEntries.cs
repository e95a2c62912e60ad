using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>
/// Finds what proves that a journal has lost its end: no batch is written to a segment before its entry is durable, so a valid
/// one that is newer than the journal's last entry is one that the journal no longer knows.
/// </summary>
internal static class LostEntries
{
    /// <summary>Looks behind the end of a partition, where what was lost would go on.</summary>
    /// <param name="lastSegment">Its path and its end; null for a partition that has none, or whose last one is not written to any more.</param>
    /// <exception cref="CorruptLogException">The journal has lost entries.</exception>
    public static void Check(
        IDisk disk, string directory, (string Path, long EndPosition)? lastSegment, long nextOffset, uint seed, long lastLsn)
    {
        if (lastSegment is { } last)
        {
            CheckAt(disk, last.Path, last.EndPosition, nextOffset, seed, lastLsn);
        }

        if (SegmentFiles.LogPath(directory, nextOffset) is var next && next != lastSegment?.Path)
        {
            CheckAt(disk, next, position: 0, nextOffset, seed, lastLsn);
        }
    }

    /// <summary>A directory that no topic owns may be left from a deleted one, but not from one that the journal has yet to create.</summary>
    /// <inheritdoc cref="Check"/>
    public static void CheckUnknownTopics(IDisk disk, IEnumerable<string> topicDirectories, Func<TopicId, bool> isKnown, long lastLsn)
    {
        foreach ((string path, uint seed) in UnknownTopics(topicDirectories, isKnown).SelectMany(directory => LogsOf(disk, directory)))
        {
            CheckAt(disk, path, position: 0, nextOffset: null, seed, lastLsn);
        }
    }

    /// <summary>The directories that no topic owns.</summary>
    public static IEnumerable<string> UnknownTopics(IEnumerable<string> topicDirectories, Func<TopicId, bool> isKnown) =>
        topicDirectories.Where(directory => Guid.TryParse(Path.GetFileName(directory), out Guid id) && !isKnown(new TopicId(id)));

    /// <summary>The segments in the directory of a topic, with what the prefix checksums of their batches start from.</summary>
    public static IEnumerable<(string Path, uint Seed)> LogsOf(IDisk disk, string topicDirectory)
    {
        var topic = new TopicId(Guid.Parse(Path.GetFileName(topicDirectory)));
        foreach (string directory in disk.ListDirectories(topicDirectory))
        {
            if (int.TryParse(Path.GetFileName(directory), out int partition))
            {
                uint seed = StoredBatch.PrefixSeed(topic, partition);
                foreach (string path in disk.ListFiles(directory).Where(p => Path.GetExtension(p) == SegmentFiles.LogExtension))
                {
                    yield return (path, seed);
                }
            }
        }
    }

    private static void CheckAt(IDisk disk, string path, long position, long? nextOffset, uint seed, long lastLsn)
    {
        if (!disk.FileExists(path))
        {
            return;
        }

        Span<byte> head = stackalloc byte[StoredBatch.OverheadBytes];
        using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
        if (file.Read(position, head) < head.Length)
        {
            return;
        }

        var batch = new StoredBatchView(head);
        bool isNext = nextOffset is null || batch.BaseOffset == nextOffset;
        if (isNext && batch.Lsn > lastLsn && StoredBatch.PrefixCrc(head, seed) == batch.PrefixCrc)
        {
            throw CorruptLogException.OfLostEntries(path, position, lastLsn, batch.Lsn);
        }
    }
}
