using Broker.Engine.Entries;
using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>
/// Brings the state to the end of the journal: takes up the newest checkpoint, carries out again every entry after it,
/// whatever the segments show, and refuses to go on when something that was durable is missing.
/// </summary>
internal sealed class Recovery(IDisk disk, EngineState state, Sequences sequences) : IJournalVisitor
{
    /// <param name="stored">The newest checkpoint's state.</param>
    /// <exception cref="CorruptLogException">Something durable is damaged or missing; nothing was changed.</exception>
    public ReplayResult Run(StoredState stored, JournalReplay journal)
    {
        state.Restore(stored, sequences);
        NoteLosses();
        ReplayResult result = journal.Run(stored.Checkpoint.Position, this);
        CheckSegments(result.End.Lsn);
        CheckUnknownTopics(result.End.Lsn);
        state.NotifyWatchers();
        return result;
    }

    public void CheckVersion(byte kind, ReadOnlySpan<byte> body, string path)
    {
        if ((EntryKind)kind == EntryKind.Append)
        {
            AppendHead.CheckVersion(body, path);
        }
    }

    public bool IsIntact(byte kind, ReadOnlySpan<byte> body) => (EntryKind)kind != EntryKind.Append || AppendHead.IsIntact(body);

    public void Replay(byte kind, long lsn, ReadOnlySpan<byte> body)
    {
        if ((EntryKind)kind == EntryKind.Append)
        {
            ReplayAppend(lsn, body);
            return;
        }

        state.ApplyState((EntryKind)kind, body, subject: null);
        if ((EntryKind)kind == EntryKind.ProducerIdGiven)
        {
            var reader = new ByteReader(body);
            sequences.AddProducer(reader.Int64(), reader.Int32());
        }
    }

    private void ReplayAppend(long lsn, ReadOnlySpan<byte> body)
    {
        var head = new AppendHead(body);
        ReadOnlySpan<byte> bytes = body[AppendHead.SizeBytes..];
        var batch = new StoredBatchView(bytes);
        PartitionHandle partition = state.FindPartition(head.TopicId, head.Partition)
            ?? throw new StorageException(
                $"Journal entry {lsn} appends to partition {head.Partition} of topic {head.TopicId}, which does not exist. No byte was changed.");
        state.ApplyAppend(partition, head.SegmentBaseOffset, head.Position, head.SegmentCapacityBytes, bytes);
        partition.Log.Publish();
        sequences.Note(partition, batch, lsn, visibleLsn: long.MaxValue);
    }

    /// <summary>
    /// Notes what is missing of the segments that the checkpoint knows. That is damage only if they are still there after
    /// replay: the journal may have freed them since.
    /// </summary>
    private void NoteLosses()
    {
        foreach (Segment segment in AllSegments())
        {
            if (!disk.FileExists(segment.LogPath))
            {
                segment.Loss = "no such file";
                continue;
            }

            using IDiskFile file = disk.Open(segment.LogPath, FileOpening.ReadOnly);
            long length = file.Length;
            segment.Loss = length < segment.EndPosition ? $"the end of the file at {length}" : null;
        }
    }

    /// <summary>Every segment is there and long enough, and none holds a batch that the journal does not know.</summary>
    private void CheckSegments(long lastLsn)
    {
        Span<byte> behind = stackalloc byte[StoredBatch.OverheadBytes];
        foreach (PartitionHandle partition in state.Topics.SelectMany(t => t.Info.Partitions))
        {
            foreach (Segment segment in partition.Log.Segments)
            {
                if (segment.Loss is { } loss)
                {
                    throw new CorruptLogException(
                        segment.LogPath, 0, $"a segment of {segment.EndPosition} bytes (topic {partition.TopicName})", loss);
                }

                // Only the last segment can have lost what follows its end.
                if (segment.NextOffset != partition.Log.NextOffset)
                {
                    continue;
                }

                using IDiskFile file = disk.Open(segment.LogPath, FileOpening.ReadOnly);
                if (file.Read(segment.EndPosition, behind) == behind.Length && HoldsNewerBatch(behind, partition, segment, lastLsn))
                {
                    throw new CorruptLogException(
                        segment.LogPath, segment.EndPosition, $"nothing newer than journal entry {lastLsn}",
                        "a valid batch: the journal has lost entries that were durable");
                }
            }
        }
    }

    private IEnumerable<Segment> AllSegments() =>
        state.Topics.SelectMany(t => t.Info.Partitions).SelectMany(p => p.Log.Segments);

    /// <summary>A directory that no topic owns may be left from a deleted one, but not from one that the journal has yet to create.</summary>
    private void CheckUnknownTopics(long lastLsn)
    {
        Span<byte> first = stackalloc byte[StoredBatch.OverheadBytes];
        foreach (string topicDirectory in state.Files.TopicDirectories())
        {
            if (!Guid.TryParse(Path.GetFileName(topicDirectory), out Guid guid) || state.Knows(new TopicId(guid)))
            {
                continue;
            }

            foreach (string directory in disk.ListDirectories(topicDirectory))
            {
                foreach (string path in disk.ListFiles(directory).Where(p => Path.GetExtension(p) == SegmentFiles.LogExtension))
                {
                    using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
                    if (int.TryParse(Path.GetFileName(directory), out int partition)
                        && file.Read(0, first) == first.Length
                        && IsNewer(first, StoredBatch.PrefixSeed(new TopicId(guid), partition), lastLsn))
                    {
                        throw new CorruptLogException(
                            path, 0, $"nothing newer than journal entry {lastLsn}",
                            "a valid batch of a topic that is not known: the journal has lost entries that were durable");
                    }
                }
            }
        }
    }

    private static bool HoldsNewerBatch(ReadOnlySpan<byte> bytes, PartitionHandle partition, Segment segment, long lastLsn)
    {
        var view = new StoredBatchView(bytes);
        return view.BaseOffset == segment.NextOffset && IsNewer(bytes, partition.PrefixSeed, lastLsn);
    }

    private static bool IsNewer(ReadOnlySpan<byte> bytes, uint seed, long lastLsn)
    {
        var view = new StoredBatchView(bytes);
        return view.Lsn > lastLsn && StoredBatch.PrefixCrc(bytes, seed) == view.PrefixCrc;
    }
}
