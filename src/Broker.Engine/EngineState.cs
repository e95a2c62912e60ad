using System.Collections.Concurrent;
using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>
/// What is durable and in effect. Changed by the journal's thread alone, one entry after the other, in recovery by the
/// same code; read by any thread. Remembers what changed since the last checkpoint.
/// </summary>
internal sealed class EngineState
{
    private readonly ConcurrentDictionary<string, Topic> _byName = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TopicId, Topic> _byId = new();
    private readonly List<PartitionHandle> _toNotify = [];
    private readonly HashSet<Topic> _dirtyTopics = [];
    private readonly List<PartitionHandle> _dirtyPartitions = [];
    private ProducerState? _firstGiven, _lastGiven;
    private readonly AppliedCommits _commits = new();
    private readonly TopicSettings _defaults;
    private CheckpointWork _next = new(new StateChanges());
    private long _capturedLsn;

    private readonly Lock _gate;
    private readonly EngineNotes _notes;

    /// <param name="gate">The sequencer's lock, for the few places that touch what was decided.</param>
    public EngineState(SegmentFiles files, TopicSettings defaults, Lock gate, EngineNotes notes)
    {
        _notes = notes;
        Files = files;
        _defaults = defaults;
        _gate = gate;
    }

    public SegmentFiles Files { get; }

    /// <summary>Where damage is told to.</summary>
    public DamageReports DamageReports { get; } = new();

    /// <summary>Guarded by the sequencer's lock.</summary>
    public OffsetTable Offsets { get; } = new();

    public long Incarnation { get; private set; }

    public long NextProducerId { get; private set; } = 1;

    /// <summary>Goes past numbers that lost entries may have given: none is given a second time.</summary>
    /// <param name="named">The producers that have a name: lost entries may have raised their epochs.</param>
    public void SkipNumbers(long lostEntryCount, IEnumerable<ProducerState> named)
    {
        Incarnation += lostEntryCount;
        NextProducerId += lostEntryCount;
        foreach (ProducerState producer in named)
        {
            producer.Epoch = (int)Math.Min(int.MaxValue - 1L, producer.Epoch + lostEntryCount);
            PutProducer(producer.Id, StateValues.Producer(producer.Epoch, producer.Name, producer.ClientId));
        }
    }

    public IEnumerable<Topic> Topics => _byId.Values;

    public Topic? FindTopic(string name) => _byName.GetValueOrDefault(name);

    public bool Knows(TopicId id) => _byId.ContainsKey(id);

    public PartitionHandle? FindPartition(TopicId id, int partition)
    {
        if (_byId.TryGetValue(id, out Topic? topic))
        {
            IReadOnlyList<PartitionHandle> partitions = topic.Info.Partitions;
            if ((uint)partition < (uint)partitions.Count)
            {
                return partitions[partition];
            }
        }

        return null;
    }

    /// <summary>Makes a topic as decided; not found by anyone before <see cref="ApplyState"/> has put it in place.</summary>
    public Topic NewTopic(TopicId id, string name, long createdMs, int partitionCount, IReadOnlyDictionary<string, string> config)
    {
        TopicSettings settings = TopicSetting.Resolve(_defaults, config);
        var topic = new Topic(id, name, createdMs) { DecidedConfig = config, DecidedSettings = settings };
        AddPartitions(topic, partitionCount);
        return topic;
    }

    /// <summary>Makes the missing partitions of a topic, up to a count.</summary>
    public void AddPartitions(Topic topic, int partitionCount)
    {
        while (topic.DecidedPartitions.Count < partitionCount)
        {
            var partition = new PartitionHandle(topic, topic.DecidedPartitions.Count, Files, _notes, DamageReports);
            partition.Log.IndexIntervalBytes = topic.DecidedSettings.IndexIntervalBytes;
            topic.DecidedPartitions.Add(partition);
        }
    }

    public TopicSettings Resolve(IReadOnlyDictionary<string, string> config) => TopicSetting.Resolve(_defaults, config);

    public void ApplyAppend(PartitionHandle partition, long segmentBaseOffset, int position, int capacityBytes, ReadOnlySpan<byte> batch)
    {
        partition.Log.Write(segmentBaseOffset, position, capacityBytes, batch);
        MarkDirty(partition);
    }

    /// <summary>Has the partition's watchers called once, after the group that is being applied.</summary>
    public void NotifyAfterGroup(PartitionHandle partition)
    {
        if (!partition.IsNotifying)
        {
            partition.IsNotifying = true;
            _toNotify.Add(partition);
        }
    }

    public void NotifyWatchers()
    {
        foreach (PartitionHandle partition in _toNotify)
        {
            partition.IsNotifying = false;
            partition.NotifyWatchers();
        }

        _toNotify.Clear();
    }

    /// <param name="subject">The topic that the sequencer made for a creation, null in replay; the producer that an id was given to; the producers that are forgotten; what a commit changes.</param>
    /// <param name="isAhead">Records that were decided before this wait for space.</param>
    public void ApplyState(EntryKind kind, ReadOnlySpan<byte> body, object? subject, bool isAhead = false)
    {
        var reader = new ByteReader(body);
        switch (kind)
        {
            case EntryKind.TopicCreated:
                ApplyTopicCreated(ref reader, subject as Topic);
                break;
            case EntryKind.TopicAltered:
                ApplyTopicAltered(ref reader);
                break;
            case EntryKind.TopicDeleted:
                ApplyTopicDeleted(ref reader);
                break;
            case EntryKind.LogStartAdvanced:
                ApplyLogStart(ref reader, isAhead);
                break;
            case EntryKind.ProducerIdGiven:
                ApplyProducerIdGiven((ProducerState)subject!);
                break;
            case EntryKind.ProducerOpened:
                ApplyProducerOpened(ref reader);
                break;
            case EntryKind.ProducersForgotten:
                ApplyProducersForgotten((IReadOnlyList<ProducerState>)subject!);
                break;
            case EntryKind.TransactionCommitted:
            case EntryKind.OffsetsCommitted:
                _commits.Apply((CommitEffects)subject!);
                break;
            case EntryKind.Incarnation:
                Incarnation = reader.Int64();
                break;
            case EntryKind.DamageFound:
                ApplyDamageFound(ref reader);
                break;
            case EntryKind.DamageSettled:
                ApplyDamageSettled(ref reader);
                break;
            default:
                Invariant.Fail($"entry kind {kind} has no meaning here");
                break;
        }
    }

    /// <summary>Takes up what a checkpoint kept.</summary>
    public void Restore(StoredState stored, Sequences sequences)
    {
        Checkpoint checkpoint = stored.Checkpoint;
        _capturedLsn = checkpoint.Position.Lsn;
        Incarnation = checkpoint.Incarnation;
        NextProducerId = checkpoint.NextProducerId;
        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Topics))
        {
            Topic topic = StateValues.ReadTopic(TopicId.Read(key), value, this);
            Publish(topic);
        }

        var segments = new Dictionary<(TopicId, int), List<SegmentState>>();
        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Segments))
        {
            (TopicId Topic, int Partition) owner = StateKeys.ReadPartition(key);
            if (!segments.TryGetValue(owner, out List<SegmentState>? list))
            {
                segments[owner] = list = [];
            }

            list.Add(StateValues.ReadSegment(StateKeys.ReadNumber(key), value));
        }

        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Partitions))
        {
            (TopicId id, int number) = StateKeys.ReadPartition(key);
            if (FindPartition(id, number) is { } partition)
            {
                (long logStart, long next) = StateValues.ReadPartition(value);
                partition.Log.Restore(logStart, next, segments.GetValueOrDefault((id, number)) ?? []);
            }
        }

        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Damages))
        {
            (TopicId id, int number) = StateKeys.ReadPartition(key);
            var reader = new ByteReader(value);
            (DamagedRange range, bool isLossAccepted) = StateValues.ReadDamage(ref reader);
            FindPartition(id, number)?.Restore(range, isLossAccepted);
        }

        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Offsets))
        {
            (TopicId id, int number) = StateKeys.ReadPartition(key);
            if (FindPartition(id, number) is { } partition)
            {
                Offsets.FindOrAdd(StateKeys.ReadGroup(key), partition).Decided = StateValues.ReadOffset(value);
            }
        }

        sequences.Restore(stored, this);
    }

    /// <summary>Removes what a crash has left of what was deleted or freed before it.</summary>
    public void RemoveLeftovers(StoredState stored)
    {
        foreach ((ReadOnlySpan<byte> key, _) in stored.Family(StateFamily.DeletedTopics))
        {
            Files.DeleteTopicFiles(TopicId.Read(key).ToString());
        }

        foreach (PartitionHandle partition in Topics.SelectMany(t => t.Info.Partitions))
        {
            PartitionLog log = partition.Log;
            Files.DeleteFreedSegments(log.Directory, log.LogStartOffset, log.Segments.Select(s => s.BaseOffset).ToHashSet());
        }
    }

    /// <summary>What a checkpoint at this moment has to write; the journal's thread, between two groups.</summary>
    public CheckpointWork TakeChanges(Sequences sequences, long lsn)
    {
        if (lsn > _capturedLsn)
        {
            // Not at the LSN of the checkpoint before: two states of one LSN are taken for the same.
            foreach (string topic in Files.TakeRemovedTopics())
            {
                _next.Changes.Delete(StateFamily.DeletedTopics, StateKeys.Topic(new TopicId(Guid.Parse(topic))));
            }

            _capturedLsn = lsn;
        }

        CheckpointWork work = _next;
        _next = new CheckpointWork(new StateChanges());
        AddGivenProducers(work.Changes, lsn);
        foreach (Topic topic in _dirtyTopics.Where(t => !t.IsDeleted))
        {
            work.Changes.Put(StateFamily.Topics, StateKeys.Topic(topic.Id), StateValues.Topic(topic.Info));
        }

        _dirtyTopics.Clear();
        foreach (PartitionHandle partition in _dirtyPartitions)
        {
            partition.IsStateDirty = false;
            if (!partition.IsDeleted)
            {
                AddPartition(work, partition);
            }
        }

        _dirtyPartitions.Clear();
        _commits.TakeChanges(work.Changes, lsn);
        sequences.TakeChanges(work.Changes, lsn);
        return work;
    }

    /// <summary>In the order of their ids, so that a start need not sort them. Those that were forgotten by then are left out.</summary>
    private void AddGivenProducers(StateChanges changes, long lsn)
    {
        while (_firstGiven is { } producer)
        {
            if (producer.ForgottenLsn > lsn)
            {
                changes.Put(
                    StateFamily.Producers, StateKeys.Producer(producer.Id),
                    StateValues.Producer(producer.Epoch, name: null, producer.ClientId));
            }

            _firstGiven = producer.NextGiven;
            producer.NextGiven = null;
        }
    }

    private static void AddPartition(CheckpointWork work, PartitionHandle partition)
    {
        PartitionLog log = partition.Log;
        byte[] key = StateKeys.Partition(partition.TopicId, partition.Partition);
        work.Changes.Put(StateFamily.Partitions, key, StateValues.Partition(log.LogStartOffset, log.NextOffset));
        foreach (Segment segment in log.Segments)
        {
#if BROKER_MUTANTS
            if (Mutant.Is("roll-loses-last-batch") && segment != log.Segments[^1])
            {
                continue;
            }
#endif
            if (segment.IsDirty)
            {
                segment.BeginSync();
                byte[] segmentKey = StateKeys.InPartition(partition.TopicId, partition.Partition, segment.BaseOffset);
                work.Changes.Put(StateFamily.Segments, segmentKey, StateValues.Segment(segment.State));
                work.Segments.Add((segment, segment.EndPosition));
            }
        }
    }

    private void ApplyTopicCreated(ref ByteReader reader, Topic? made)
    {
        TopicId id = reader.Topic();
        string name = reader.Text();
        long createdMs = reader.Int64();
        int partitionCount = reader.Int32();
        Dictionary<string, string> config = reader.Map();
        Topic topic = made ?? NewTopic(id, name, createdMs, partitionCount, config);
        topic.Info = new TopicInfo(name, id, createdMs, config, Resolve(config), [.. topic.DecidedPartitions.Take(partitionCount)]);
        Publish(topic);
        _dirtyTopics.Add(topic);
        foreach (PartitionHandle partition in topic.Info.Partitions)
        {
            MarkDirty(partition);
        }
    }

    private void Publish(Topic topic)
    {
        _byId[topic.Id] = topic;
        _byName[topic.Name] = topic;
    }

    private void ApplyTopicAltered(ref ByteReader reader)
    {
        TopicId id = reader.Topic();
        int partitionCount = reader.Int32();
        Dictionary<string, string> config = reader.Map();
        Topic topic = _byId[id];
        int before = topic.Info.Partitions.Count;
        TopicSettings settings = Resolve(config);
        PartitionHandle[] partitions;
        lock (_gate)
        {
            AddPartitions(topic, partitionCount);
            partitions = [.. topic.DecidedPartitions.Take(partitionCount)];
        }

        topic.Info = topic.Info with { Config = config, Settings = settings, Partitions = partitions };
        _dirtyTopics.Add(topic);
        foreach (PartitionHandle partition in topic.Info.Partitions)
        {
            partition.Log.IndexIntervalBytes = settings.IndexIntervalBytes;
            if (partition.Partition >= before)
            {
                MarkDirty(partition);
            }
        }
    }

    private void ApplyTopicDeleted(ref ByteReader reader)
    {
        TopicId id = reader.Topic();
        if (!_byId.TryRemove(id, out Topic? topic))
        {
            return;
        }

        // A topic of the same name may have been created since it was decided.
        _byName.TryRemove(new KeyValuePair<string, Topic>(topic.Name, topic));
        Volatile.Write(ref topic.IsDeleted, true);
        foreach (PartitionHandle partition in topic.Info.Partitions)
        {
            partition.Log.DeleteAll();
            NotifyAfterGroup(partition);
        }

        lock (_gate)
        {
            Offsets.Drop(topic);
        }

        Files.NoteDeletedTopic(id.ToString());
        byte[] prefix = StateKeys.Topic(id);
        _next.Changes.Put(StateFamily.DeletedTopics, prefix, []);
        foreach (StateFamily family in (ReadOnlySpan<StateFamily>)[StateFamily.Topics, StateFamily.Partitions, StateFamily.Segments, StateFamily.Sequences, StateFamily.Damages, StateFamily.Offsets])
        {
            _next.Changes.DeletePrefix(family, prefix);
        }
    }

    private void ApplyLogStart(ref ByteReader reader, bool isAhead)
    {
        TopicId id = reader.Topic();
        int number = reader.Int32();
        long offset = reader.Int64();
        if (FindPartition(id, number) is not { } partition)
        {
            return;
        }

        foreach (DamagedRange range in partition.Log.Damages.Where(d => d.NextOffset <= offset))
        {
            _next.Changes.Delete(StateFamily.Damages, StateKeys.InPartition(id, number, range.FromOffset));
        }

        foreach (Segment segment in partition.Log.AdvanceLogStart(offset, keepsLast: isAhead))
        {
            _next.Changes.Delete(StateFamily.Segments, StateKeys.InPartition(id, number, segment.BaseOffset));
        }

        MarkDirty(partition);
        NotifyAfterGroup(partition);
    }

    private void ApplyProducerIdGiven(ProducerState producer)
    {
        // Nothing of it changes: it is written as it is when the checkpoint comes.
        NextProducerId = Math.Max(NextProducerId, producer.Id + 1);
        if (_firstGiven is null)
        {
            _firstGiven = producer;
        }
        else
        {
            _lastGiven!.NextGiven = producer;
        }

        _lastGiven = producer;
    }

    private void ApplyProducerOpened(ref ByteReader reader)
    {
        string name = reader.Text();
        long id = reader.Int64();
        PutProducer(id, StateValues.Producer(reader.Int32(), name, clientId: reader.Text()));
    }

    private void PutProducer(long id, byte[] value)
    {
        NextProducerId = Math.Max(NextProducerId, id + 1);
        _next.Changes.Put(StateFamily.Producers, StateKeys.Producer(id), value);
    }

    private void ApplyProducersForgotten(IReadOnlyList<ProducerState> producers)
    {
        foreach (ProducerState producer in producers)
        {
            _next.Changes.Delete(StateFamily.Producers, StateKeys.Producer(producer.Id));
            _next.Changes.Delete(StateFamily.Transactions, StateKeys.Producer(producer.Id));
            foreach (PartitionHandle partition in producer.Partitions)
            {
                byte[] key = StateKeys.InPartition(partition.TopicId, partition.Partition, producer.Id);
                _next.Changes.Delete(StateFamily.Sequences, key);
            }
        }
    }

    private void ApplyDamageFound(ref ByteReader reader)
    {
        (TopicId id, int number) = (reader.Topic(), reader.Int32());
        (DamagedRange range, _) = StateValues.ReadDamage(ref reader);
        if (FindPartition(id, number) is { } partition)
        {
            partition.Log.AddDamage(range);
            PutDamage(partition, range, isLossAccepted: false);
        }
    }

    private void ApplyDamageSettled(ref ByteReader reader)
    {
        (TopicId id, int number) = (reader.Topic(), reader.Int32());
        (DamagedRange range, bool isLossAccepted) = StateValues.ReadDamage(ref reader);
        if (FindPartition(id, number) is not { } partition)
        {
            return;
        }

        if (isLossAccepted)
        {
            partition.Restore(range, isLossAccepted);
            PutDamage(partition, range, isLossAccepted);
        }
        else
        {
            partition.Log.RemoveDamage(range.FromOffset);
            _next.Changes.Delete(StateFamily.Damages, StateKeys.InPartition(id, number, range.FromOffset));
        }
    }

    private void PutDamage(PartitionHandle partition, DamagedRange range, bool isLossAccepted) => _next.Changes.Put(
        StateFamily.Damages, StateKeys.InPartition(partition.TopicId, partition.Partition, range.FromOffset),
        StateValues.Damage(range, isLossAccepted));

    private void MarkDirty(PartitionHandle partition)
    {
        if (!partition.IsStateDirty)
        {
            partition.IsStateDirty = true;
            _dirtyPartitions.Add(partition);
        }
    }
}
