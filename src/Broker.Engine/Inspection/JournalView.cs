using Broker.Engine.Entries;
using Broker.Engine.State;
using Broker.Records;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine.Inspection;

/// <summary>Follows the journal from a checkpoint without carrying anything out: which segments there will be after it.</summary>
internal sealed class JournalView : IJournalVisitor
{
    private readonly Dictionary<TopicId, string> _names = [];
    private readonly SortedDictionary<(Guid Topic, int Partition, long BaseOffset), SegmentState> _segments = [];
    private readonly Dictionary<(Guid, int, long), int> _checkpointed = [];
    private readonly Dictionary<(Guid, int), long> _lastBaseOffsets = [];
    private readonly HashSet<(Guid, int, long)> _acceptedLosses = [];
    private readonly Dictionary<(Guid Topic, int Partition, long FromOffset), DamagedRange> _openDamages = [];
    private readonly Dictionary<(Guid Topic, int Partition), long> _nextOffsets = [];

    // What the journal holds of each segment, by position; only what is intact.
    private readonly Dictionary<(Guid, int, long), Dictionary<long, WaitingBatch>> _waiting = [];

    public JournalView(StoredState stored)
    {
        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Topics))
        {
            _names[TopicId.Read(key)] = new ByteReader(value).Text();
        }

        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Partitions))
        {
            (TopicId topic, int partition) = StateKeys.ReadPartition(key);
            _nextOffsets[(topic.Value, partition)] = StateValues.ReadPartition(value).NextOffset;
        }

        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Damages))
        {
            (TopicId topic, int partition) = StateKeys.ReadPartition(key);
            var reader = new ByteReader(value);
            NoteDamage(topic, partition, ref reader, isOpen: true);
        }

        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Segments))
        {
            (TopicId topic, int partition) = StateKeys.ReadPartition(key);
            SegmentState segment = StateValues.ReadSegment(StateKeys.ReadNumber(key), value);
            _segments[(topic.Value, partition, segment.BaseOffset)] = segment;
            _checkpointed[(topic.Value, partition, segment.BaseOffset)] = segment.EndPosition;
            _lastBaseOffsets[(topic.Value, partition)] = Math.Max(segment.BaseOffset, _lastBaseOffsets.GetValueOrDefault((topic.Value, partition)));
        }
    }

    public int TopicCount => _names.Count;

    /// <summary>Of every partition that there is: the offset that its next record gets.</summary>
    public IEnumerable<(TopicId Topic, int Partition, long NextOffset)> Partitions =>
        _nextOffsets.Select(p => (new TopicId(p.Key.Item1), p.Key.Item2, p.Value));

    /// <summary>Damage that was found and waits for an operator, whatever the bytes look like now: a start quarantines its partition.</summary>
    public IEnumerable<(string Topic, TopicId TopicId, int Partition, DamagedRange Range)> OpenDamages => _openDamages.Select(
        d => (_names.GetValueOrDefault(new TopicId(d.Key.Topic), "?"), new TopicId(d.Key.Topic), d.Key.Partition, d.Value));

    /// <summary>Whether there is a topic of this name or id.</summary>
    public bool Has(string topic) => _names.Any(known => known.Value == topic || known.Key.ToString() == topic);

    public bool Knows(TopicId topic) => _names.ContainsKey(topic);

    /// <summary>The intact batch that the journal would write again at a place behind the checkpoint; null when it has none.</summary>
    public WaitingBatch? WaitingAt(SegmentInfo segment, long position) =>
        position >= CheckpointedEnd(segment)
        && _waiting.GetValueOrDefault(KeyOf(segment)) is { } batches && batches.TryGetValue(position, out WaitingBatch batch) ? batch : null;

    /// <summary>Whether an operator has given up the records of the damage that begins at an offset.</summary>
    public bool IsLossAccepted(SegmentInfo segment, long fromOffset) =>
        _acceptedLosses.Contains((Guid.Parse(segment.TopicId), segment.Partition, fromOffset));

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
        var reader = new ByteReader(body);
        switch ((EntryKind)kind)
        {
            case EntryKind.Append:
                Append(body, isIntact: true);
                break;
            case EntryKind.TopicCreated:
                TopicId created = reader.Topic();
                _names[created] = reader.Text();
                _ = reader.Int64();
                AddPartitions(created, count: reader.Int32());
                break;
            case EntryKind.TopicAltered:
                AddPartitions(reader.Topic(), count: reader.Int32());
                break;
            case EntryKind.TopicDeleted:
                Guid deleted = reader.Topic().Value;
                _names.Remove(new TopicId(deleted));
                RemoveWhere(_segments, (k, _) => k.Topic == deleted);
                RemoveWhere(_openDamages, (k, _) => k.Topic == deleted);
                RemoveWhere(_nextOffsets, (k, _) => k.Topic == deleted);
                break;
            case EntryKind.LogStartAdvanced:
                (Guid topic, int number, long offset) = (reader.Topic().Value, reader.Int32(), reader.Int64());
                RemoveWhere(_segments, (k, s) => k.Topic == topic && k.Partition == number && s.NextOffset <= offset);
                RemoveWhere(_openDamages, (k, d) => k.Topic == topic && k.Partition == number && d.NextOffset <= offset);
                break;
            case EntryKind.DamageFound:
            case EntryKind.DamageSettled:
                NoteDamage(reader.Topic(), reader.Int32(), ref reader, isOpen: (EntryKind)kind == EntryKind.DamageFound);
                break;
            default:
                break;
        }
    }

    // Only appends have a part that the frame's checksum does not cover. Whether it is lost shows where it was applied.
    public void ReplayDamaged(byte kind, long lsn, ReadOnlySpan<byte> body) => Append(body, isIntact: false);

    public IReadOnlyList<SegmentInfo> Segments(string root)
    {
        var result = new List<SegmentInfo>();
        foreach (((Guid topic, int partition, long baseOffset), SegmentState segment) in _segments)
        {
            var id = new TopicId(topic);
            string directory = Path.Combine(root, "topics", id.ToString(), partition.ToString());
            if (result.Count > 0 && result[^1] is { } before && before.TopicId == id.ToString() && before.Partition == partition)
            {
                result[^1] = before with { IsSealed = true };
            }

            result.Add(new SegmentInfo(
                _names.GetValueOrDefault(id, "?"), id.ToString(), partition, baseOffset, segment.NextOffset, segment.EndPosition,
                IsSealed: false, SegmentFiles.LogPath(directory, baseOffset)));
        }

        return result;
    }

    private static (Guid, int, long) KeyOf(SegmentInfo segment) => (Guid.Parse(segment.TopicId), segment.Partition, segment.BaseOffset);

    /// <summary>Up to where the segment was synced by a checkpoint.</summary>
    private long CheckpointedEnd(SegmentInfo segment) => _checkpointed.GetValueOrDefault(KeyOf(segment));

    private void AddPartitions(TopicId topic, int count)
    {
        for (int partition = 0; partition < count; partition++)
        {
            _nextOffsets.TryAdd((topic.Value, partition), 0);
        }
    }

    /// <param name="isOpen">Found, and not settled by this.</param>
    private void NoteDamage(TopicId topic, int partition, ref ByteReader reader, bool isOpen)
    {
        (DamagedRange range, bool isLossAccepted) = StateValues.ReadDamage(ref reader);
        if (isLossAccepted)
        {
            _acceptedLosses.Add((topic.Value, partition, range.FromOffset));
        }

        if (isOpen && !isLossAccepted)
        {
            _openDamages[(topic.Value, partition, range.FromOffset)] = range;
        }
        else
        {
            _openDamages.Remove((topic.Value, partition, range.FromOffset));
        }
    }

    private void Append(ReadOnlySpan<byte> body, bool isIntact)
    {
        var head = new AppendHead(body);
        var batch = new StoredBatchView(body[AppendHead.SizeBytes..]);

        // Decided for a segment that was given up: it goes to the end of the one that took its place.
        (Guid, int) partition = (head.TopicId.Value, head.Partition);
        long baseOffset = Math.Max(head.SegmentBaseOffset, _lastBaseOffsets.GetValueOrDefault(partition));
        _lastBaseOffsets[partition] = baseOffset;
        (Guid, int, long) key = (head.TopicId.Value, head.Partition, baseOffset);
        SegmentState segment = _segments.GetValueOrDefault(key, SegmentState.Empty(baseOffset, head.SegmentCapacityBytes));
        int position = baseOffset == head.SegmentBaseOffset ? head.Position : segment.EndPosition;
        _segments[key] = segment with { EndPosition = position + batch.SizeBytes, NextOffset = batch.NextOffset };
        _nextOffsets[partition] = batch.NextOffset;
        if (!isIntact)
        {
            return;
        }

        if (!_waiting.TryGetValue(key, out Dictionary<long, WaitingBatch>? batches))
        {
            _waiting[key] = batches = [];
        }

        batches[position] = new WaitingBatch(batch.SizeBytes, batch.RecordCount, batch.NextOffset);
    }

    private static void RemoveWhere<TKey, TValue>(IDictionary<TKey, TValue> from, Func<TKey, TValue, bool> condition)
    {
        foreach (TKey key in from.Where(p => condition(p.Key, p.Value)).Select(p => p.Key).ToArray())
        {
            from.Remove(key);
        }
    }
}
