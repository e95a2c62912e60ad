using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Files;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>Takes up batches that stand in segments behind the end of what a damaged journal can tell.</summary>
/// <param name="lastLsn">The newest entry that the journal has told.</param>
internal sealed class Salvage(IDisk disk, EngineState state, Sequences sequences, long lastLsn)
{
    /// <summary>
    /// Of every batch that was met, taken up or not: what bears a number was written under it, and no later start may take it for
    /// newer than its journal. 0 when none was met.
    /// </summary>
    public long NewestLsn { get; private set; }

    public long BatchCount { get; private set; }

    public long RecordCount { get; private set; }

    /// <summary>Goes on from the partition's end, batch by batch, as long as one is intact and continues the one before.</summary>
    public void TakeUp(PartitionHandle partition)
    {
        long previousLsn = lastLsn;
        while (Next(partition, previousLsn) is var (segmentBaseOffset, position, fileBytes, bytes))
        {
            var batch = new StoredBatchView(bytes);

            // Of a segment that the journal has not told of nobody knows how long it was to become, only how long it was made.
            int capacityBytes = (int)Math.Clamp(fileBytes, partition.Topic.DecidedSettings.SegmentBytes, int.MaxValue);
            state.ApplyAppend(partition, segmentBaseOffset, position, capacityBytes, bytes);
            partition.Log.Publish();
            sequences.Note(partition, batch, batch.Lsn, visibleLsn: long.MaxValue);
            previousLsn = batch.Lsn;
            NewestLsn = Math.Max(NewestLsn, batch.Lsn);
            BatchCount++;
            RecordCount += batch.RecordCount;
        }

        PartitionLog log = partition.Log;
        if (log.Segments is [.., var last])
        {
            NoteNumbers(last.LogPath, last.EndPosition, partition.PrefixSeed);
        }

        foreach (string path in disk.ListFiles(log.Directory).Where(path => IsLog(path) && log.Segments.All(s => s.LogPath != path)))
        {
            NoteNumbers(path, from: 0, partition.PrefixSeed);
        }
    }

    /// <summary>Notes the numbers in the directory of a topic that is not known.</summary>
    public void LookInto(string topicDirectory)
    {
        foreach ((string path, uint seed) in LostEntries.LogsOf(disk, topicDirectory))
        {
            NoteNumbers(path, from: 0, seed);
        }
    }

    private static bool IsLog(string path) => Path.GetExtension(path) == SegmentFiles.LogExtension;

    /// <summary>Goes from batch to batch, as far as their prefixes are intact; what is in them does not matter.</summary>
    private void NoteNumbers(string path, long from, uint seed)
    {
        if (!disk.FileExists(path))
        {
            return;
        }

        using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
        byte[] head = new byte[StoredBatch.OverheadBytes];
        for (long position = from; file.Read(position, head) == head.Length; position += new StoredBatchView(head).SizeBytes)
        {
            var batch = new StoredBatchView(head);
            if (batch.SizeBytes < StoredBatch.OverheadBytes || StoredBatch.PrefixCrc(head, seed) != batch.PrefixCrc)
            {
                return;
            }

            NewestLsn = Math.Max(NewestLsn, batch.Lsn);
        }
    }

    /// <summary>In the last segment, or at the start of one that the journal has not told of.</summary>
    private (long SegmentBaseOffset, int Position, long FileBytes, byte[] Bytes)? Next(PartitionHandle partition, long previousLsn)
    {
        PartitionLog log = partition.Log;
        if (log.Segments is [.., { IsGivenUp: false } last] && Read(partition, last.LogPath, last.EndPosition, previousLsn, out long lastBytes) is { } inLast)
        {
            return (last.BaseOffset, last.EndPosition, lastBytes, inLast);
        }

        string path = SegmentFiles.LogPath(log.Directory, log.NextOffset);
        return log.Segments.All(s => s.LogPath != path) && Read(partition, path, position: 0, previousLsn, out long newBytes) is { } inNew
            ? (log.NextOffset, 0, newBytes, inNew)
            : null;
    }

    private byte[]? Read(PartitionHandle partition, string path, int position, long previousLsn, out long fileBytes)
    {
        fileBytes = 0;
        if (!disk.FileExists(path))
        {
            return null;
        }

        using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
        fileBytes = file.Length;
        byte[] head = new byte[StoredBatch.OverheadBytes];
        if (file.Read(position, head) < head.Length)
        {
            return null;
        }

        var batch = new StoredBatchView(head);
        if (batch.BaseOffset != partition.Log.NextOffset || batch.Lsn <= previousLsn
            || StoredBatch.PrefixCrc(head, partition.PrefixSeed) != batch.PrefixCrc || position + (long)batch.SizeBytes > fileBytes)
        {
            return null;
        }

        byte[] bytes = new byte[batch.SizeBytes];
        return file.Read(position, bytes) == bytes.Length && StoredBatch.Validate(bytes, partition.PrefixSeed, int.MaxValue) == BatchError.None
            ? bytes
            : null;
    }
}
