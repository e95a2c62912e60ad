using Broker.Engine.Entries;
using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>
/// Brings the state to the end of the journal: takes up the newest checkpoint, carries out again every entry after it,
/// whatever the segments show. What is missing of a segment quarantines its partition; what is missing of the journal itself
/// may concern anything, so then it refuses to go on.
/// </summary>
internal sealed class Recovery(IDisk disk, EngineState state, Sequences sequences) : IJournalVisitor
{
    private readonly List<(Segment Segment, int Length)> _broken = [];

    /// <param name="stored">The newest checkpoint's state.</param>
    /// <exception cref="CorruptLogException">Something durable is damaged or missing; nothing was changed.</exception>
    public ReplayResult Run(StoredState stored, JournalReplay journal)
    {
        state.Restore(stored, sequences);
        GiveUpBrokenSegments();
        ReplayResult result = journal.Run(stored.Checkpoint.Position, this);
        CheckSegments(result.End.Lsn);
        LostEntries.CheckUnknownTopics(disk, state.Files.TopicDirectories(), state.Knows, result.End.Lsn);
        state.RemoveLeftovers(stored);
        state.NotifyWatchers();
        return result;
    }

    /// <summary>
    /// The same for a journal of which an operator has given up what is lost: carries out what comes before the damage, then takes
    /// up what entries behind it have written to segments. Only what was durable was ever written there.
    /// </summary>
    /// <param name="journal">One that ends at damage.</param>
    public SalvageReport Salvage(StoredState stored, JournalReplay journal)
    {
        state.Restore(stored, sequences);
        GiveUpBrokenSegments();
        ReplayResult result = journal.Run(stored.Checkpoint.Position, this);
        var salvage = new Salvage(disk, state, sequences, result.End.Lsn);
        foreach (PartitionHandle partition in state.Topics.SelectMany(t => t.Info.Partitions))
        {
            salvage.TakeUp(partition);
        }

        string[] orphans = [.. LostEntries.UnknownTopics(state.Files.TopicDirectories(), state.Knows)];
        Array.ForEach(orphans, salvage.LookInto);
        long newestLsn = Math.Max(result.End.Lsn, Math.Max(salvage.NewestLsn, journal.NewestKnownLsn()));
        state.SkipNumbers(newestLsn - result.End.Lsn, sequences.Producers.NamedBehind(id: 0));
        CheckSegments(newestLsn);
        return new SalvageReport(result, newestLsn, salvage.BatchCount, salvage.RecordCount, orphans);
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

        state.ApplyState((EntryKind)kind, body, subject: ReplayDecision((EntryKind)kind, lsn, body));
    }

    public void ReplayDamaged(byte kind, long lsn, ReadOnlySpan<byte> body)
    {
        var head = new AppendHead(body);
        ReadOnlySpan<byte> bytes = body[AppendHead.SizeBytes..];
        if (PartitionOf(head, lsn) is var partition && TryReadApplied(head, bytes, partition) is { } applied)
        {
            // It had been applied before: the segment has it as it was.
            Apply(partition, head, lsn, applied);
            return;
        }

        Apply(partition, head, lsn, bytes);
        Segment segment = partition.Log.Segments[^1];
        var batch = new StoredBatchView(bytes);
        partition.Report(new DamagedRange(
            segment.BaseOffset, segment.EndPosition - bytes.Length, segment.EndPosition, batch.BaseOffset, batch.NextOffset));
    }

    /// <summary>Decides again what was decided about producers, transactions and offsets.</summary>
    /// <returns>The producer that is new, those that were forgotten, or what a commit changes; null when it is about something else.</returns>
    private object? ReplayDecision(EntryKind kind, long lsn, ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body);
        switch (kind)
        {
            case EntryKind.ProducerIdGiven:
                return sequences.Producers.Add(reader.Int64(), reader.Int32(), name: null, clientId: reader.Text());
            case EntryKind.ProducerOpened:
                string name = reader.Text();
                sequences.Producers.Open(name, id: reader.Int64(), epoch: reader.Int32(), clientId: reader.Text());
                return null;
            case EntryKind.ProducersForgotten:
                var forgotten = new List<ProducerState>();
                for (int count = reader.Int32(); count > 0; count--)
                {
                    forgotten.Add(sequences.Producers.Find(reader.Int64())
                        ?? throw new StorageException($"Journal entry {lsn} forgets a producer that is not known. No byte of the log was changed."));
                    sequences.Producers.Remove(forgotten[^1], lsn);
                }

                return forgotten;
            case EntryKind.TransactionCommitted:
            case EntryKind.OffsetsCommitted:
                CommitEffects effects = CommitEffects.Read(body, hasOutcome: kind == EntryKind.TransactionCommitted, sequences.Producers, state);
                effects.Decide();
                return effects;
            default:
                return null;
        }
    }

    private void ReplayAppend(long lsn, ReadOnlySpan<byte> body)
    {
        var head = new AppendHead(body);
        Apply(PartitionOf(head, lsn), head, lsn, body[AppendHead.SizeBytes..]);
    }

    private void Apply(PartitionHandle partition, AppendHead head, long lsn, ReadOnlySpan<byte> bytes)
    {
        try
        {
            state.ApplyAppend(partition, head.SegmentBaseOffset, head.Position, head.SegmentCapacityBytes, bytes);
        }
        catch (DiskException e) when (e.IsOutOfSpace)
        {
            ApplyOnFullDisk(partition, head, bytes);
        }

        partition.Log.Publish();
        sequences.Note(partition, new StoredBatchView(bytes), lsn, visibleLsn: long.MaxValue);
    }

    /// <summary>Gives up the files that are kept for reuse, which is all that nobody misses.</summary>
    private void ApplyOnFullDisk(PartitionHandle partition, AppendHead head, ReadOnlySpan<byte> bytes)
    {
        state.Files.DropRecycled();
        try
        {
            state.ApplyAppend(partition, head.SegmentBaseOffset, head.Position, head.SegmentCapacityBytes, bytes);
        }
        catch (DiskException e) when (e.IsOutOfSpace)
        {
            throw new StorageException(
                $"The disk is full: there is no room to write again what the journal holds ({e.Message.TrimEnd('.')}). Nothing is lost. Free some "
                + "space that is not the broker's, or make the disk larger, and start again; then broker topic trim, delete and alter free what is its own.",
                e);
        }
    }

    private PartitionHandle PartitionOf(AppendHead head, long lsn) => state.FindPartition(head.TopicId, head.Partition)
        ?? throw new StorageException(
            $"Journal entry {lsn} appends to partition {head.Partition} of topic {head.TopicId}, which does not exist. No byte of the log was changed.");

    private byte[]? TryReadApplied(AppendHead head, ReadOnlySpan<byte> expected, PartitionHandle partition)
    {
        string path = SegmentFiles.LogPath(state.Files.PartitionDirectory(head.TopicId.ToString(), head.Partition), head.SegmentBaseOffset);
        try
        {
            byte[] there = new byte[expected.Length];
            using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
            bool isThere = file.Read(head.Position, there) == there.Length
                && there.AsSpan(0, StoredBatch.OverheadBytes).SequenceEqual(expected[..StoredBatch.OverheadBytes])
                && StoredBatch.Validate(there, partition.PrefixSeed, int.MaxValue) == BatchError.None;
            return isThere ? there : null;
        }
        catch (DiskException e) when (!e.MayPass)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes nothing to a segment of which something is missing: what the journal has for it goes to a new one. Whether it
    /// is damage is seen after replay: the journal may have freed the segment since.
    /// </summary>
    private void GiveUpBrokenSegments()
    {
        foreach (Segment segment in state.Topics.SelectMany(t => t.Info.Partitions).SelectMany(p => p.Log.Segments))
        {
            if (LengthOf(segment) is var length && length < segment.EndPosition)
            {
                segment.GiveUp();
                _broken.Add((segment, (int)length));
            }
        }
    }

    private long LengthOf(Segment segment)
    {
        try
        {
            using IDiskFile file = disk.Open(segment.LogPath, FileOpening.ReadOnly);
            return file.Length;
        }
        catch (DiskException e) when (!e.MayPass)
        {
            return 0;
        }
    }

    /// <summary>What is broken and still wanted is damage; and no segment may hold a batch that the journal does not know.</summary>
    private void CheckSegments(long lastLsn)
    {
        foreach (PartitionHandle partition in state.Topics.SelectMany(t => t.Info.Partitions))
        {
            partition.NoteDamages();
            IReadOnlyList<Segment> segments = partition.Log.Segments;
            foreach ((Segment segment, int length) in _broken.Where(b => segments.Contains(b.Segment)))
            {
                if (partition.Log.FindDamage(segment, length) is { } range)
                {
                    partition.Report(range);
                }
            }

            Segment? last = segments.Count > 0 && !segments[^1].IsGivenUp ? segments[^1] : null;
            LostEntries.Check(
                disk, partition.Log.Directory, last is null ? null : (last.LogPath, last.EndPosition), partition.Log.NextOffset,
                partition.PrefixSeed, lastLsn);
        }
    }
}
