using Broker.Client.Testing.Disk;
using Broker.Engine;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Disk;
using Broker.Simulation.Model;
using Broker.Simulation.Schedule;
using Broker.Storage.Segments;

namespace Broker.Simulation;

/// <summary>All clients of one run: does one random thing at a time and holds every answer against the model.</summary>
internal sealed class SimulatedClient(
    Chance chance, Trace trace, SimulatedTime time, SimulatedDisk disk, BrokerModel model, SeedResult result)
{
    private static readonly Dictionary<string, string> NoConfig = [];

    private readonly List<(LogSlice Slice, byte[] Bytes)> _held = [];
    private readonly BatchDrafts _drafts = new(chance);
    private SimulatedTransactions? _transactions;
    private int _topicNumber;

    /// <summary>The segments of all partitions when they were last noted.</summary>
    public HashSet<string> SegmentPaths { get; } = [];

    private SimulatedTransactions Transactions => _transactions ??= new SimulatedTransactions(chance, trace, time, model, result, _drafts);

    public void Act(BrokerEngine engine)
    {
        result.Operations++;
        if (engine.Progress.Failure is not null)
        {
            return;
        }

        List<PartitionModel> partitions = model.Partitions;
        result.PartitionsMost = Math.Max(result.PartitionsMost, partitions.Count);
        if (model.Living.Count < 2 || partitions.Count < 3)
        {
            CreateTopic(engine);
            return;
        }

        PartitionModel partition = chance.Pick(partitions);
        switch (chance.Below(100))
        {
            case < 34:
                Append(engine, partition);
                break;
            case < 46:
                Transactions.Act(engine, partition);
                break;
            case < 56:
                Repeat(engine, partition);
                break;
            case < 60:
                SkipSequence(engine, partition);
                break;
            case < 74:
                Read(engine, partition);
                break;
            case < 78:
                FindTime(engine, partition);
                break;
            case < 83:
                Trim(engine, partition);
                break;
            case < 85:
                InitProducer(engine);
                break;
            case < 87:
                OpenProducer(engine);
                break;
            case < 93:
                Wait(engine, chance.Percent(10) ? TimeSpan.FromMinutes(chance.Between(15, 30)) : TimeSpan.FromSeconds(chance.Between(1, 60)));
                break;
            case < 94:
                disk.FullFor = disk.CrashIn == 0 ? chance.Between(1, 4) : 0;
                time.Advance(TimeSpan.FromSeconds(1));
                break;
            default:
                ChangeTopic(engine, partition.Topic);
                break;
        }
    }

    public void IsRefusedAfterFailure(BrokerEngine engine)
    {
        foreach (PartitionModel partition in model.Partitions)
        {
            if (engine.FindPartition(partition.Topic.Id, partition.Number) is { } handle)
            {
                using BatchDraft draft = _drafts.New(partition, -1, -1, -1);
                AppendDecision decision = engine.Append(handle, draft.Batch.Memory, draft.Batch, Durability.Durable);
                Checks.Expect(decision.Error is BrokerError.StorageError or BrokerError.NotReady, $"After a failed sync an append is answered with {decision.Error}.");
            }
        }
    }

    /// <summary>Gives back what is held, as a reader does; the bytes must not have changed.</summary>
    public void LetGo()
    {
        while (_held.Count > 0)
        {
            LetGoOfOne();
        }
    }

    /// <summary>The process is gone, and its readers and open transactions with it.</summary>
    public void Forget()
    {
        _held.Clear();
        Transactions.Forget();
    }

    public void NoteSegments(BrokerEngine engine)
    {
        SegmentPaths.Clear();
        foreach (Segment segment in engine.Topics.SelectMany(t => t.Partitions).SelectMany(p => p.Log.Segments))
        {
            SegmentPaths.Add(segment.LogPath);
            SegmentPaths.Add(segment.IndexPath);
        }
    }

    private void LetGoOfOne()
    {
        (LogSlice slice, byte[] bytes) = _held[0];
        _held.RemoveAt(0);
        Checks.Expect(slice.Memory.Span.SequenceEqual(bytes), "Bytes changed under a reader that holds them.");
        slice.Dispose();
    }

    private void Append(BrokerEngine engine, PartitionModel partition)
    {
        ProducerModel? producer = model.Producers.Count > 0 && chance.Percent(60) ? chance.Pick(model.Producers) : null;
        long sequence = producer is null ? -1 : NextSequence(partition, producer.Id);

        // One that was taken over tries again.
        bool isZombie = producer is { Epoch: > 0 } && chance.Percent(20);
        int epoch = producer is null ? -1 : isZombie ? chance.Below(producer.Epoch) : producer.Epoch;
        using BatchDraft draft = _drafts.New(partition, producer?.Id ?? -1, epoch, sequence);
        long? expectedOffset = chance.Percent(20) ? partition.NextOffset - 1 - (chance.Percent(30) ? chance.Between(1, 3) : 0) : null;
        BrokerError expected = isZombie ? BrokerError.InvalidProducerEpoch
            : expectedOffset < partition.NextOffset - 1 ? BrokerError.ExpectedOffsetMismatch
            : BrokerError.None;
        Send(engine, partition, draft, producer, sequence, expected, expectedOffset);
    }

    private void SkipSequence(BrokerEngine engine, PartitionModel partition)
    {
        if (model.Producers.Count > 0)
        {
            ProducerModel producer = chance.Pick(model.Producers);
            long sequence = NextSequence(partition, producer.Id) + chance.Between(1, 5);
            using BatchDraft draft = _drafts.New(partition, producer.Id, producer.Epoch, sequence);
            Send(engine, partition, draft, producer, sequence, expected: BrokerError.OutOfOrderSequenceNumber);
        }
    }

    /// <summary>Sends a batch again that was sent before, acked or not: it must come to its first offset.</summary>
    private void Repeat(BrokerEngine engine, PartitionModel partition)
    {
        List<BatchModel> own = partition.Batches.FindAll(b => b.ProducerId >= 0);
        if (own.Count == 0 || engine.FindPartition(partition.Topic.Id, partition.Number) is not { } handle)
        {
            return;
        }

        BatchModel original = own[Math.Max(0, own.Count - 1 - chance.Below(8))];
        if (model.FindProducer(original.ProducerId) is not { } producer)
        {
            return;
        }

        int age = own.Count(b => b.ProducerId == original.ProducerId && b.Lsn > original.Lsn);
        bool mayBeForgotten = age >= SimulationRun.Options.ProducerWindowBatches || (age > 0 && original.Lsn <= model.IdleAtLsn);
        using BatchDraft draft = _drafts.New(partition, producer.Id, producer.Epoch, original.Sequence, original.Count);

        // What the partition ends with by now is no matter of a batch that was written.
        long? expectedOffset = chance.Percent(20) ? original.BaseOffset - 1 : null;
        AppendDecision decision = engine.Append(handle, draft.Batch.Memory, draft.Batch, Durability.Durable, expectedOffset);
        trace.Add("repeat", partition.ToString(), decision.BaseOffset, decision.Lsn);
        if (decision.Error == BrokerError.StorageError || IsForgotten(decision, producer)
            || (decision.Error == BrokerError.DuplicateSequenceNumber && mayBeForgotten))
        {
            return;
        }

        Checks.Expect(
            decision.IsAccepted && decision.Duplicate && decision.BaseOffset == original.BaseOffset && decision.AppendTimeMs == original.AppendTimeMs,
            $"{partition}: the batch at {original.BaseOffset} sent again was answered with {decision}.");
        Checks.Expect(decision.Lsn >= original.Lsn, $"{partition}: a repeated batch is answered before it is durable.");
    }

    private void Send(
        BrokerEngine engine, PartitionModel partition, BatchDraft draft, ProducerModel? producer, long sequence, BrokerError expected,
        long? expectedOffset = null)
    {
        if (engine.FindPartition(partition.Topic.Id, partition.Number) is not { } handle)
        {
            return;
        }

        byte[] body = draft.Batch.Span[StoredBatchLayout.BatchCrcAt..].ToArray();
        Durability durability = chance.Percent(30) ? Durability.Os : Durability.Durable;
        AppendDecision decision = engine.Append(handle, draft.Batch.Memory, draft.Batch, durability, expectedOffset);
        trace.Add("append", partition.ToString(), decision.BaseOffset, decision.Lsn);
        if (decision.Error is BrokerError.DiskFull or BrokerError.StorageError || IsForgotten(decision, producer))
        {
            return;
        }

        // What is missing before a batch may have been refused for want of space.
        bool isAsExpected = decision.Error == expected
            || (decision.Error == BrokerError.PrecedingBatchRefused && expected == BrokerError.OutOfOrderSequenceNumber);
        Checks.Expect(isAsExpected, $"{partition}: an append was answered with {decision}, not {expected}.");
        Checks.Expect(
            decision.Error != BrokerError.ExpectedOffsetMismatch || decision.Expected == partition.NextOffset - 1,
            $"{partition}: it is said to end with {decision.Expected}, not {partition.NextOffset - 1}.");
        producer?.Use(time);
        result.Mismatches += decision.Error == BrokerError.ExpectedOffsetMismatch ? 1 : 0;
        result.Zombies += expected == BrokerError.InvalidProducerEpoch ? 1 : 0;
        if (decision.IsAccepted)
        {
            result.Appends++;
            Checks.Expect(!decision.Duplicate, $"{partition}: a new batch was taken for a repeated one.");
            Checks.Expect(
                decision.BaseOffset == partition.NextOffset, $"{partition}: a batch was given offset {decision.BaseOffset}, not {partition.NextOffset}.");
            partition.Batches.Add(new BatchModel(
                decision.Lsn, decision.BaseOffset, draft.Timestamps.Length, body, draft.Timestamps, decision.AppendTimeMs, producer?.Id ?? -1, sequence));
        }
    }

    private void Read(BrokerEngine engine, PartitionModel partition)
    {
        if (_held.Count > 2 || (_held.Count > 0 && chance.Percent(40)))
        {
            LetGoOfOne();
        }

        if (engine.FindPartition(partition.Topic.Id, partition.Number) is not { } handle)
        {
            return;
        }

        Checks.LogStart(handle, partition);
        long start = handle.LogStartOffset;
        long end = handle.HighWatermark;
        Checks.Expect(end <= partition.NextOffset, $"{partition} shows an end at {end}; it was sent up to {partition.NextOffset}.");
        BatchModel? newest = partition.Batches.FindLast(b => b.Lsn <= model.MustSurvive);
        Checks.Expect(newest is null || end >= newest.NextOffset, $"{partition} shows an end at {end} after {newest?.NextOffset} was acked.");
        long at = start + chance.Below((int)(end - start) + 1);
        ReadResult read = handle.Read(at, chance.Between(1, 20_000));
        trace.Add("read", partition.ToString(), at, read.Slice.NextOffset);
        Checks.Expect(read.Error == BrokerError.None, $"A read of {partition} at {at} gave {read.Error}.");
        Checks.Expect(read.Slice.IsEmpty == (at == end), $"A read of {partition} at {at} of {end} gave nothing.");
        Checks.Batches(read.Slice.Memory.Span, at, partition, model);
        if (chance.Percent(30))
        {
            _held.Add((read.Slice, read.Slice.Memory.ToArray()));
        }
        else
        {
            read.Slice.Dispose();
        }

        Checks.Expect(
            handle.Read(end + 1, 100).Error == BrokerError.OffsetOutOfRange, $"{partition} lets a reader behind its end.");
    }

    private void FindTime(BrokerEngine engine, PartitionModel partition)
    {
        if (engine.Progress.VisibleLsn != engine.DecidedLsn
            || engine.FindPartition(partition.Topic.Id, partition.Number) is not { } handle)
        {
            return;
        }

        long wanted = BatchDrafts.FirstTimestampMs + chance.Below((int)(_drafts.TimestampMs - BatchDrafts.FirstTimestampMs) + 1);
        long expected = partition.OffsetOfTime(wanted, handle.LogStartOffset);
        long offset = handle.OffsetForTimestamp(wanted);
        trace.Add("time of", partition.ToString(), wanted, offset);
        Checks.Expect(offset == expected, $"{partition}: the first record from {wanted} on is at {expected}, not at {offset}.");
    }

    private void Trim(BrokerEngine engine, PartitionModel partition)
    {
        if (engine.FindPartition(partition.Topic.Id, partition.Number) is { } handle)
        {
            long offset = handle.LogStartOffset + chance.Below((int)(handle.HighWatermark - handle.LogStartOffset) + 1);
            long lsn = engine.Sequencer.AdvanceLogStart(handle, offset);
            trace.Add("trim", partition.ToString(), offset, lsn);
            partition.Trim(lsn, offset);
        }
    }

    private void InitProducer(BrokerEngine engine)
    {
        if (disk.FullFor > 0 || !engine.Status.AcceptsWrites)
        {
            return;
        }

        try
        {
            (ProducerIdentity producer, long lsn) = engine.Sequencer.Producers.Init("client");
            trace.Add("producer", "", producer.Id, lsn);
            Checks.Expect(model.FindProducer(producer.Id) is null, $"Producer id {producer.Id} was given twice.");
            model.Producers.Add(new ProducerModel(producer.Id, name: null, lsn, time));
        }
        catch (BrokerException e) when (e.Error == BrokerError.ProducerLimitReached)
        {
            Checks.Expect(
                engine.Status.ProducerCount == SimulationRun.Options.ProducersMax, $"{engine.Status.ProducerCount} producers are taken for too many.");
        }
    }

    /// <summary>Takes over a producer that has a name: it goes on where the one before was, whatever that had acked or not.</summary>
    private void OpenProducer(BrokerEngine engine)
    {
        if (disk.FullFor > 0 || !engine.Status.AcceptsWrites)
        {
            return;
        }

        string name = "p" + chance.Below(2);
        OpenedProducer opened;
        long lsn;
        try
        {
            (opened, lsn) = engine.Sequencer.Producers.Open(name, "client");
        }
        catch (BrokerException e) when (e.Error == BrokerError.ProducerLimitReached)
        {
            return;
        }

        trace.Add("open", name, opened.Identity.Epoch, lsn);
        ProducerModel? producer = model.Producers.Find(p => p.Name == name);
        if (producer is null)
        {
            Checks.Expect(model.FindProducer(opened.Identity.Id) is null, $"Producer id {opened.Identity.Id} was given twice.");
            model.Producers.Add(producer = new ProducerModel(opened.Identity.Id, name, lsn, time));
        }

        Checks.Expect(
            opened.Identity == new ProducerIdentity(producer.Id, producer.Open(lsn)), $"Producer {name} was opened as {opened.Identity}.");
        var expected = model.Partitions.Where(p => p.Last(producer.Id) is not null)
            .ToDictionary(p => (p.Topic.Id, p.Number), p => NextSequence(p, producer.Id));
        Checks.Expect(
            opened.Positions.Count == expected.Count && opened.Positions.All(p => expected.GetValueOrDefault((p.TopicId, p.Partition)) == p.NextSequence),
            $"Producer {name} is said to be at {string.Join(", ", opened.Positions)}, and was at {string.Join(", ", expected)}.");
    }

    private void Wait(BrokerEngine engine, TimeSpan duration)
    {
        if (duration >= ProducerTable.IdleAfter)
        {
            model.IdleAtLsn = engine.DecidedLsn;
        }

        time.Advance(duration);
        trace.Add("time", "", 0, 0);
    }

    /// <summary>A producer without a name may be forgotten when it was idle for long, and then for ever.</summary>
    private bool IsForgotten(AppendDecision decision, ProducerModel? producer)
    {
        if (decision.Error != BrokerError.UnknownProducerId || producer is null)
        {
            return false;
        }

        Checks.Expect(producer.Name is null && producer.WasIdle(time), $"Producer {producer.Id} was forgotten though it was in use.");
        model.Producers.Remove(producer);
        result.ForgottenProducers++;
        return true;
    }

    private void CreateTopic(BrokerEngine engine)
    {
        if (!engine.Status.AcceptsWrites)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            disk.FullFor = 0;
            return;
        }

        // A name of a topic that was deleted may come again.
        string name = "t" + (_topicNumber++ % 5);
        if (model.Living.Exists(t => t.Name == name))
        {
            return;
        }

        int partitions = chance.Between(1, 3);
        bool hasRetention = chance.Percent(40);
        Dictionary<string, string> config = hasRetention ? Retention() : NoConfig;
        long lsn = engine.Sequencer.CreateTopic(name, partitions, config);
        trace.Add("create", name, partitions, lsn);
        TopicModel topic = new(name, engine.Sequencer.FindDecided(name)!.Value, lsn) { HasRetention = hasRetention };
        AddPartitions(topic, partitions, lsn);
        model.Topics.Add(topic);
    }

    private void ChangeTopic(BrokerEngine engine, TopicModel topic)
    {
        if (!engine.Status.AcceptsWrites)
        {
            return;
        }

        long lsn;
        switch (chance.Below(4))
        {
            case 0:
                lsn = engine.Sequencer.DeleteTopic(topic.Name);
                topic.DeletedLsn = lsn;
                trace.Add("delete", topic.Name, 0, lsn);
                break;
            case 1 when topic.Partitions.Count < 5:
                lsn = engine.Sequencer.AddPartitions(topic.Name, topic.Partitions.Count + 1);
                AddPartitions(topic, topic.Partitions.Count + 1, lsn);
                trace.Add("partitions", topic.Name, topic.Partitions.Count, lsn);
                break;
            case 2:
                topic.HasRetention = true;
                lsn = engine.Sequencer.AlterTopic(topic.Name, Retention(), []);
                trace.Add("alter", topic.Name, 0, lsn);
                break;
            default:
                CreateTopic(engine);
                break;
        }
    }

    private Dictionary<string, string> Retention() => chance.Percent(50)
        ? new() { ["retention.bytes"] = "16000" }
        : new() { ["retention.ms"] = "60000" };

    private static void AddPartitions(TopicModel topic, int count, long lsn)
    {
        while (topic.Partitions.Count < count)
        {
            topic.Partitions.Add(new PartitionModel(topic, topic.Partitions.Count, lsn));
        }
    }

    private static long NextSequence(PartitionModel partition, long producer) =>
        partition.Last(producer) is { } last ? last.Sequence + last.Count : 0;
}
