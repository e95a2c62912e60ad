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
    /// <summary>Of what was taken up; 0 when nothing was.</summary>
    public long NewestLsn { get; private set; }

    public long BatchCount { get; private set; }

    public long RecordCount { get; private set; }

    /// <summary>Goes on from the partition's end, batch by batch, as long as one is intact and continues the one before.</summary>
    public void TakeUp(PartitionHandle partition)
    {
        long previousLsn = lastLsn;
        while (Next(partition, previousLsn) is var (segmentBaseOffset, position, bytes))
        {
            var batch = new StoredBatchView(bytes);
            int capacityBytes = Math.Max(partition.Topic.DecidedSettings.SegmentBytes, position + bytes.Length);
            state.ApplyAppend(partition, segmentBaseOffset, position, capacityBytes, bytes);
            partition.Log.Publish();
            sequences.Note(partition, batch, batch.Lsn, visibleLsn: long.MaxValue);
            previousLsn = batch.Lsn;
            NewestLsn = Math.Max(NewestLsn, batch.Lsn);
            BatchCount++;
            RecordCount += batch.RecordCount;
        }
    }

    /// <summary>In the last segment, or at the start of one that the journal has not told of.</summary>
    private (long SegmentBaseOffset, int Position, byte[] Bytes)? Next(PartitionHandle partition, long previousLsn)
    {
        PartitionLog log = partition.Log;
        if (log.Segments is [.., { IsGivenUp: false } last] && Read(partition, last.LogPath, last.EndPosition, previousLsn) is { } inLast)
        {
            return (last.BaseOffset, last.EndPosition, inLast);
        }

        string path = SegmentFiles.LogPath(log.Directory, log.NextOffset);
        return log.Segments.All(s => s.LogPath != path) && Read(partition, path, position: 0, previousLsn) is { } inNew
            ? (log.NextOffset, 0, inNew)
            : null;
    }

    private byte[]? Read(PartitionHandle partition, string path, int position, long previousLsn)
    {
        if (!disk.FileExists(path))
        {
            return null;
        }

        using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
        byte[] head = new byte[StoredBatch.OverheadBytes];
        if (file.Read(position, head) < head.Length)
        {
            return null;
        }

        var batch = new StoredBatchView(head);
        if (batch.BaseOffset != partition.Log.NextOffset || batch.Lsn <= previousLsn
            || StoredBatch.PrefixCrc(head, partition.PrefixSeed) != batch.PrefixCrc || position + (long)batch.SizeBytes > file.Length)
        {
            return null;
        }

        byte[] bytes = new byte[batch.SizeBytes];
        return file.Read(position, bytes) == bytes.Length && StoredBatch.Validate(bytes, partition.PrefixSeed, int.MaxValue) == BatchError.None
            ? bytes
            : null;
    }
}
