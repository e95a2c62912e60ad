using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>
/// The one place where decisions are made and numbered: whatever may be refused is decided here, in one short step under
/// one lock, without I/O. The order of its numbers (LSN) is the order of the journal.
/// </summary>
internal sealed class Sequencer
{
    private readonly Lock _gate;
    private readonly EngineState _state;
    private readonly Sequences _sequences;
    private readonly GroupCommitter _committer;
    private readonly LsnProgress _progress;
    private readonly TimeProvider _time;
    private readonly Func<DateTimeOffset, Guid> _newId;
    private readonly EngineOptions _options;
    private readonly AppendEntryPool _pool;
    private readonly Dictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private readonly DiskGuard _disk;
    private long _lsn;
    private bool _stopped;

    public Sequencer(
        EngineState state, Sequences sequences, GroupCommitter committer, LsnProgress progress, DiskGuard disk, Staging staging,
        EngineEnvironment environment, EngineOptions options)
    {
        _gate = sequences.Gate;
        _state = state;
        _sequences = sequences;
        _committer = committer;
        _progress = progress;
        _disk = disk;
        _time = environment.Time;
        _newId = environment.NewId;
        _options = options;
        _pool = new AppendEntryPool(state);
        _lsn = progress.VisibleLsn;
        var transactions = new TransactionTable(this, sequences.Producers, staging, environment.Time, state.Incarnation + 1);
        Producers = new ProducerDecisions(this, sequences.Producers, transactions, state.NextProducerId, environment.Time, options);
        Offsets = new OffsetDecisions(this, state, environment.Time);
        Staging = new TransactionStaging(this, transactions, staging, disk, options);
        Transactions = new TransactionDecisions(this, state, sequences.Producers, transactions, Offsets, environment.Time);
        foreach (Topic topic in state.Topics)
        {
            _topics.Add(topic.Name, topic);
            foreach (PartitionHandle partition in topic.DecidedPartitions)
            {
                TakeUp(partition);
            }
        }
    }

    /// <summary>Refuses everything from now on.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
        }
    }

    public ProducerDecisions Producers { get; }

    public OffsetDecisions Offsets { get; }

    public TransactionStaging Staging { get; }

    public TransactionDecisions Transactions { get; }

    internal Lock Gate => _gate;

    /// <summary>The newest decision; under <see cref="Gate"/>.</summary>
    internal long LastLsn => _lsn;

    /// <summary>False when the broker stops; under <see cref="Gate"/>.</summary>
    internal bool TakesDecisions => !_stopped && _progress.Failure is null;

    /// <summary>Keeps no more of an idle producer than it takes to go on; under <see cref="Gate"/>.</summary>
    internal void Shrink(ProducerState producer) => _sequences.Shrink(producer, _progress.VisibleLsn);

    /// <summary>Decides one batch. The batch is stamped in place; on acceptance its owner is retained until it was applied.</summary>
    /// <param name="expectedLastOffset">Refuse the batch unless this is the offset of the partition's last record, −1 for none yet.</param>
    public AppendDecision Append(
        PartitionHandle partition, Memory<byte> storedBatch, PooledBuffer owner, Durability durability, long? expectedLastOffset = null)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        Span<byte> bytes = storedBatch.Span;
        var batch = new StoredBatchView(bytes);
        lock (_gate)
        {
            if (Unavailable(partition) is { } unavailable)
            {
                return unavailable;
            }

#if BROKER_MUTANTS
            if (Mutant.Is("repeat-taken-for-a-mismatch") && Refusal(partition, expectedLastOffset) is { } mismatch)
            {
                return mismatch;
            }
#endif
            if (batch.ProducerId >= 0 && CheckSequence(partition, batch) is { } answered)
            {
                return answered;
            }

            if (Refusal(partition, expectedLastOffset) is { } refused)
            {
                _sequences.NoteRefusal(partition, batch);
                return refused;
            }

            AppendEntry entry = Place(partition, storedBatch, owner, now, isContinued: false);
            _sequences.Note(partition, batch, entry.Lsn, _progress.VisibleLsn);
            _committer.Enqueue(entry);
            Durability effective = partition.Topic.DecidedSettings.Durability == Durability.Durable ? Durability.Durable : durability;
            return new AppendDecision(BrokerError.None, batch.BaseOffset, batch.AppendTimeMs, Duplicate: false, entry.Lsn, effective, 0, 0);
        }
    }

    /// <summary>
    /// Gives an accepted batch its place in the partition and its LSN; under <see cref="Gate"/>. The entry is still to be enqueued.
    /// </summary>
    /// <param name="isContinued">The batch counts only together with the entries that follow.</param>
    internal AppendEntry Place(PartitionHandle partition, Memory<byte> storedBatch, PooledBuffer owner, long nowMs, bool isContinued)
    {
        DecidedLog log = partition.Decided;
        int sizeBytes = storedBatch.Length;
        long appendTime = Math.Max(nowMs, log.LastAppendMs);
        RollIfDue(log, partition.Topic.DecidedSettings, sizeBytes, appendTime);
        long lsn = NextLsn();
        StoredBatch.Stamp(storedBatch.Span, partition.PrefixSeed, log.NextOffset, appendTime, lsn);
        AppendEntry entry = _pool.Take();
        entry.Set(partition, log, storedBatch, owner, lsn, isContinued);
        owner.Retain();
        log.NextOffset += new StoredBatchView(storedBatch.Span).RecordCount;
        log.SegmentPosition += sizeBytes;
        log.LastAppendMs = appendTime;
        _disk.Accept(sizeBytes);
        return entry;
    }

    /// <summary>
    /// Takes note of a batch that is to be refused before it comes here, for a limit or for what is in it: those behind it are
    /// told that one is missing.
    /// </summary>
    /// <returns>
    /// The answer when it is no matter of limits: the batch repeats one that was appended, or its producer may not write. Else null.
    /// </returns>
    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch)
    {
        lock (_gate)
        {
            if (batch.ProducerId < 0 || Unavailable(partition) is not null)
            {
                return null;
            }

            if (CheckSequence(partition, batch) is not { } answered)
            {
                _sequences.NoteRefusal(partition, batch);
                return null;
            }

            // Only that something is missing before it says less than what is wrong with the batch itself.
            return answered.Error is BrokerError.OutOfOrderSequenceNumber or BrokerError.PrecedingBatchRefused ? null : answered;
        }
    }

    /// <exception cref="BrokerException">The name, the count, the configuration or the state of the broker forbids it.</exception>
    public long CreateTopic(string name, int partitionCount, IReadOnlyDictionary<string, string> config)
    {
        TopicName.Check(name);
        CheckPartitionCount(partitionCount);
        config = TopicSetting.Normalise(config);
        var id = new TopicId(_newId(_time.GetUtcNow()));
        lock (_gate)
        {
            RefuseWhenStopped();
            RefuseWhenDiskFull();
            if (_topics.ContainsKey(name))
            {
                throw new BrokerException(
                    BrokerError.TopicAlreadyExists, $"Topic {name} already exists.", new Dictionary<string, string> { ["topic"] = name });
            }

            long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            Topic topic = _state.NewTopic(id, name, now, partitionCount, config);
            _topics.Add(name, topic);
            byte[] body = new ByteWriter().Topic(id).Text(name).Int64(now).Int32(partitionCount).Map(config).ToArray();
            return Enqueue(EntryKind.TopicCreated, body, topic);
        }
    }

    /// <summary>Sets and unsets configuration.</summary>
    public long AlterTopic(string name, IReadOnlyDictionary<string, string> set, IReadOnlyList<string> unset)
    {
        foreach (string setting in unset)
        {
            _ = TopicSetting.Find(setting);
        }

        set = TopicSetting.Normalise(set);
        lock (_gate)
        {
            RefuseWhenStopped();
            Topic topic = DecidedTopic(name);
            var config = new Dictionary<string, string>(topic.DecidedConfig, StringComparer.Ordinal);
            foreach (string setting in unset)
            {
                config.Remove(setting);
            }

            foreach ((string key, string value) in set)
            {
                config[key] = value;
            }

            topic.DecidedSettings = _state.Resolve(config);
            topic.DecidedConfig = config;
            return EnqueueAltered(topic);
        }
    }

    /// <param name="partitionCount">How many there shall be; more than now.</param>
    public long AddPartitions(string name, int partitionCount)
    {
        CheckPartitionCount(partitionCount);
        lock (_gate)
        {
            RefuseWhenStopped();
            RefuseWhenDiskFull();
            Topic topic = DecidedTopic(name);
            if (partitionCount <= topic.DecidedPartitions.Count)
            {
                throw new BrokerException(
                    BrokerError.InvalidPartitions,
                    $"Topic {name} has {topic.DecidedPartitions.Count} partitions; the new count {partitionCount} must be larger.");
            }

            _state.AddPartitions(topic, partitionCount);
            return EnqueueAltered(topic);
        }
    }

    public long DeleteTopic(string name)
    {
        lock (_gate)
        {
            RefuseWhenStopped();
            Topic topic = DecidedTopic(name);
            topic.IsDeletionDecided = true;
            _topics.Remove(name);
            return Enqueue(EntryKind.TopicDeleted, new ByteWriter().Topic(topic.Id).ToArray(), topic);
        }
    }

    /// <summary>Drops the records before an offset, which lies at or before the high watermark.</summary>
    /// <returns>The LSN that the answer depends on.</returns>
    public long AdvanceLogStart(PartitionHandle partition, long offset)
    {
        lock (_gate)
        {
            RefuseWhenStopped();
            if (partition.Topic.IsDeletionDecided)
            {
                throw UnknownTopic(partition.TopicName);
            }

            if (offset > partition.HighWatermark || offset < 0)
            {
                throw new BrokerException(
                    BrokerError.OffsetOutOfRange,
                    $"Offset {offset} is not within partition {partition.Partition} of {partition.TopicName}: it ends before {partition.HighWatermark}.",
                    new Dictionary<string, string>
                    {
                        ["log_start_offset"] = partition.LogStartOffset.ToString(),
                        ["high_watermark"] = partition.HighWatermark.ToString(),
                    });
            }

            DecidedLog log = partition.Decided;
            if (offset <= log.LogStartOffset)
            {
                return _lsn;
            }

            log.LogStartOffset = offset;
            log.IsQuarantined &= partition.IsQuarantinedFrom(offset);
            log.MustRoll |= offset >= log.NextOffset;
            byte[] body = new ByteWriter().Topic(partition.TopicId).Int32(partition.Partition).Int64(offset).ToArray();
            return Enqueue(EntryKind.LogStartAdvanced, body, partition);
        }
    }

    /// <summary>Takes no more records into a partition of which a part was found damaged.</summary>
    public void Quarantine(PartitionHandle partition, DamagedRange range)
    {
        lock (_gate)
        {
            if (_stopped || _progress.Failure is not null || partition.Topic.IsDeletionDecided)
            {
                // Whoever reads there again finds it again.
                return;
            }

            partition.Decided.IsQuarantined = true;
            EnqueueDamage(EntryKind.DamageFound, partition, range, isLossAccepted: false);
        }
    }

    /// <summary>Carries out an operator's decision on damage: it was mended, or its records are given up.</summary>
    public long SettleDamage(PartitionHandle partition, DamagedRange range, bool isLossAccepted)
    {
        lock (_gate)
        {
            RefuseWhenStopped();
            DecidedLog log = partition.Decided;
            log.IsQuarantined = partition.Damages.Any(d => !d.IsLossAccepted && d.Range != range);
            log.MustRoll |= isLossAccepted && log.SegmentBaseOffset == range.SegmentBaseOffset;
            return EnqueueDamage(EntryKind.DamageSettled, partition, range, isLossAccepted);
        }
    }

    /// <summary>Puts the number of this run into the journal, before anything else.</summary>
    public long BeginIncarnation(long incarnation)
    {
        lock (_gate)
        {
            return Enqueue(EntryKind.Incarnation, new ByteWriter().Int64(incarnation).ToArray(), subject: null);
        }
    }

    /// <summary>The newest decision: what an answer about state depends on.</summary>
    public long DecidedLsn
    {
        get
        {
            lock (_gate)
            {
                return _lsn;
            }
        }
    }

    /// <summary>The topic that a name was decided to mean, visible or not; null when there is none.</summary>
    public TopicId? FindDecided(string name)
    {
        lock (_gate)
        {
            return _topics.GetValueOrDefault(name)?.Id;
        }
    }

    private static BrokerException UnknownTopic(string name) => new(
        BrokerError.UnknownTopicOrPartition,
        $"Topic {name} does not exist. Create it with: broker topic create {name}",
        new Dictionary<string, string> { ["topic"] = name });

    /// <summary>Begins a new segment when the open one is full, too old, or given up.</summary>
    private static void RollIfDue(DecidedLog log, TopicSettings settings, int sizeBytes, long appendTimeMs)
    {
        bool roll = log.MustRoll
            || log.SegmentPosition + (long)sizeBytes > log.SegmentCapacityBytes
            || (log.SegmentPosition > 0 && appendTimeMs - log.SegmentFirstAppendMs >= settings.SegmentMs);
        if (roll)
        {
            log.SegmentBaseOffset = log.NextOffset;
            log.SegmentPosition = 0;
            log.SegmentCapacityBytes = Math.Max(settings.SegmentBytes, sizeBytes);
            log.SegmentFirstAppendMs = appendTimeMs;
            log.MustRoll = false;
        }
    }

    private static void TakeUp(PartitionHandle partition)
    {
        DecidedLog decided = partition.Decided;
        decided.NextOffset = partition.Log.NextOffset;
        decided.LogStartOffset = partition.Log.LogStartOffset;
        decided.IsQuarantined = partition.IsQuarantined;
        if (partition.Log.Segments is { Count: > 0 } segments && segments[^1].NextOffset == decided.NextOffset)
        {
            decided.SegmentBaseOffset = segments[^1].BaseOffset;
            decided.SegmentPosition = segments[^1].EndPosition;
            decided.SegmentCapacityBytes = segments[^1].CapacityBytes;
            decided.SegmentFirstAppendMs = segments[^1].FirstAppendMs;
            decided.LastAppendMs = segments[^1].LastAppendMs;
            decided.MustRoll = segments[^1].IsGivenUp || segments[^1].Damages.Count > 0;
        }
    }

    internal AppendDecision? Unavailable(PartitionHandle partition)
    {
        if (_stopped)
        {
            return AppendDecision.Refused(BrokerError.NotReady, _lsn);
        }

        if (_progress.Failure is not null)
        {
            return AppendDecision.Refused(BrokerError.StorageError, _lsn);
        }

        return partition.Topic.IsDeletionDecided ? AppendDecision.Refused(BrokerError.UnknownTopicOrPartition, _lsn) : null;
    }

    /// <summary>The answer to a batch that is not its producer's next; null for the next one.</summary>
    private AppendDecision? CheckSequence(PartitionHandle partition, in StoredBatchView batch)
    {
        SequenceCheck check = _sequences.Check(partition, batch);
        if (check.IsNext)
        {
            return null;
        }

        if (check.IsDuplicate)
        {
            return Duplicate(check.Original);
        }

        long found = check.Error switch
        {
            BrokerError.UnknownProducerId => batch.ProducerId,
            BrokerError.InvalidProducerEpoch => batch.ProducerEpoch,
            _ => batch.BaseSequence,
        };
        return AppendDecision.Refused(check.Error, _lsn, found, check.Expected);
    }

    private static AppendDecision Duplicate(SequencedBatch original)
    {
#if BROKER_MUTANTS
        if (Mutant.Is("duplicate-before-durable"))
        {
            original = original with { Lsn = 0 };
        }
#endif
        return new AppendDecision(
            BrokerError.None, original.BaseOffset, original.AppendTimeMs, Duplicate: true, original.Lsn, Durability.Durable, 0, 0);
    }

    private AppendDecision? Refusal(PartitionHandle partition, long? expectedLastOffset)
    {
        if (expectedLastOffset is { } expected && expected != partition.Decided.NextOffset - 1)
        {
            return AppendDecision.Refused(BrokerError.ExpectedOffsetMismatch, _lsn, expected, partition.Decided.NextOffset - 1);
        }

        if (partition.Decided.IsQuarantined)
        {
            return AppendDecision.Refused(BrokerError.PartitionQuarantined, _lsn);
        }

        return _disk.IsFull ? AppendDecision.Refused(BrokerError.DiskFull, _lsn, _disk.FreeBytes, _disk.NeededBytes) : null;
    }

    private long EnqueueDamage(EntryKind kind, PartitionHandle partition, DamagedRange range, bool isLossAccepted)
    {
        byte[] body = [.. new ByteWriter().Topic(partition.TopicId).Int32(partition.Partition).ToArray(), .. StateValues.Damage(range, isLossAccepted)];
        return Enqueue(kind, body, partition);
    }

    private long EnqueueAltered(Topic topic)
    {
        byte[] body = new ByteWriter()
            .Topic(topic.Id).Int32(topic.DecidedPartitions.Count).Map(topic.DecidedConfig).ToArray();
        return Enqueue(EntryKind.TopicAltered, body, topic);
    }

    internal long NextLsn() => ++_lsn;

    internal long Enqueue(EntryKind kind, byte[] body, object? subject)
    {
        var entry = new StateEntry(_state, kind, body, subject) { Lsn = NextLsn() };
        _committer.Enqueue(entry);
        return entry.Lsn;
    }

    /// <summary>Hands over entries that count only together.</summary>
    internal void Enqueue(List<JournalEntry> entries) => _committer.Enqueue(entries);

    private Topic DecidedTopic(string name) => _topics.TryGetValue(name, out Topic? topic) ? topic : throw UnknownTopic(name);

    private void CheckPartitionCount(int count)
    {
        if (count < 1 || count > _options.PartitionsPerTopicMax)
        {
            throw new BrokerException(
                BrokerError.InvalidPartitions,
                $"A topic has 1 to {_options.PartitionsPerTopicMax} partitions, not {count}.",
                new Dictionary<string, string> { ["limit"] = _options.PartitionsPerTopicMax.ToString() });
        }
    }

    internal void RefuseWhenStopped()
    {
        if (_stopped)
        {
            throw new BrokerException(BrokerError.NotReady, "The broker is stopping.");
        }

        if (_progress.Failure is not null)
        {
            throw new BrokerException(BrokerError.StorageError, "The journal has failed; the broker is stopping.");
        }
    }

    internal void RefuseWhenDiskFull()
    {
        if (_disk.IsFull)
        {
            throw new BrokerException(
                BrokerError.DiskFull, AppendDecision.Refused(BrokerError.DiskFull, 0, _disk.FreeBytes, _disk.NeededBytes).Describe());
        }
    }
}
