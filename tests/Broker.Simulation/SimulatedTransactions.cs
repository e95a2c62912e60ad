using Broker.Client.Testing.Disk;
using Broker.Engine;
using Broker.Engine.Offsets;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Simulation.Model;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>
/// Producers with names that write in transactions: each does one step at a time, with steps that come late, twice, from an
/// instance that was taken over, or from before the broker's last start.
/// </summary>
internal sealed class SimulatedTransactions(
    Chance chance, Trace trace, SimulatedTime time, BrokerModel model, SeedResult result, BatchDrafts drafts)
{
    private readonly Dictionary<long, TransactionModel> _open = [];

    // Transactions that are over, or that nobody knows any more: what still comes of them may do nothing.
    private readonly List<TransactionModel> _ended = [];
    private readonly Dictionary<long, long> _numbers = [];

    public void Act(BrokerEngine engine, PartitionModel partition)
    {
        List<ProducerModel> producers = model.Producers.FindAll(p => p.Name is not null);
        if (producers.Count == 0)
        {
            return;
        }

        ProducerModel producer = chance.Pick(producers);
        EndExpired();
        TransactionModel? open = OpenOf(producer);
        switch (chance.Below(100))
        {
            case < 60:
                Stage(engine, open ?? Begin(engine, producer), partition);
                break;
            case < 64 when open is { Batches.Count: > 0 }:
                StageAgain(engine, open, chance.Pick(open.Batches));
                break;
            case < 68 when open is not null:
                SkipSequence(engine, open, partition);
                break;
            case < 82:
                Commit(engine, open ?? Begin(engine, producer));
                break;
            case < 84 when open is { Batches.Count: > 0 }:
                CommitWrongly(engine, open);
                break;
            case < 87 when open is not null:
                Abort(engine, open);
                break;
            case < 90 when open is not null:
                AskUndecided(engine, open);
                break;
            case < 95:
                CommitAgain(engine, producer);
                break;
            case < 98 when _ended.Count > 0:
                ComeLate(engine, chance.Pick(_ended), partition);
                break;
            default:
                CommitOffsets(engine, partition);
                break;
        }
    }

    /// <summary>The broker is gone: what was open has come to nothing.</summary>
    public void Forget()
    {
        foreach (TransactionModel transaction in _open.Values)
        {
            _ended.Add(transaction);
        }

        _open.Clear();
    }

    private static byte[] BodyOf(ReadOnlySpan<byte> stored) => stored[StoredBatchLayout.BatchCrcAt..].ToArray();

    private static TransactionContext ContextOf(TransactionModel transaction) =>
        new(transaction.Key.Incarnation, transaction.Key.Number, transaction.Timeout);

    private TransactionModel? OpenOf(ProducerModel producer)
    {
        if (_open.TryGetValue(producer.Id, out TransactionModel? open) && open.Key.Epoch != producer.Epoch)
        {
            // Taken over: what the other instance still sends comes late.
            End(open);
            return null;
        }

        return open;
    }

    private void EndExpired()
    {
        foreach (TransactionModel transaction in _open.Values.Where(t => t.IsExpired(time.GetUtcNow())).ToArray())
        {
            result.TimedOut++;
            End(transaction);
        }
    }

    private TransactionModel Begin(BrokerEngine engine, ProducerModel producer)
    {
        long number = _numbers[producer.Id] = _numbers.GetValueOrDefault(producer.Id) + chance.Between(1, 2);
        var key = new TransactionKey(engine.Incarnation, producer.Id, producer.Epoch, number);
        var timeout = TimeSpan.FromSeconds(chance.Percent(50) ? 60 : chance.Between(2, 900));
        return _open[producer.Id] = new TransactionModel(key, timeout);
    }

    private void End(TransactionModel transaction)
    {
        _open.Remove(transaction.Key.ProducerId);
        _ended.Add(transaction);
        if (_ended.Count > 20)
        {
            _ended.RemoveAt(0);
        }
    }

    private void Stage(BrokerEngine engine, TransactionModel transaction, PartitionModel partition)
    {
        long sequence = transaction.NextSequence(partition);
        StagedModel batch = Draft(partition, transaction.Key, sequence);
        if (Send(engine, transaction, batch) is not { } decision || IsTransient(engine, decision))
        {
            return;
        }

        if (decision.Error == BrokerError.TransactionTooLarge)
        {
            Checks.Expect(
                transaction.Batches.Sum(b => b.Bytes.Length) + batch.Bytes.Length > engine.Options.TransactionBytesMax,
                $"A transaction of {transaction.Batches.Sum(b => b.Bytes.Length)} bytes is said to be too large.");
            End(transaction);
            return;
        }

        Checks.Expect(decision is { IsAccepted: true, Duplicate: false }, $"{partition}: a batch of {transaction.Key} was answered with {decision}.");
        transaction.Batches.Add(batch);
    }

    private void StageAgain(BrokerEngine engine, TransactionModel transaction, StagedModel batch)
    {
        if (Send(engine, transaction, batch) is { } decision)
        {
            Checks.Expect(
                decision is { IsAccepted: true, Duplicate: true } || IsFailure(decision), $"A batch of {transaction.Key} sent again was answered with {decision}.");
        }
    }

    private void SkipSequence(BrokerEngine engine, TransactionModel transaction, PartitionModel partition)
    {
        StagedModel batch = Draft(partition, transaction.Key, transaction.NextSequence(partition) + chance.Between(1, 4));
        if (Send(engine, transaction, batch) is { } decision)
        {
            Checks.Expect(
                decision.Error is BrokerError.OutOfOrderSequenceNumber or BrokerError.PrecedingBatchRefused || IsFailure(decision),
                $"A batch of {transaction.Key} with another before it missing was answered with {decision}.");
        }
    }

    private void Commit(BrokerEngine engine, TransactionModel transaction)
    {
        List<(PartitionModel Partition, string Group, long Offset)> offsets = chance.Percent(60) ? Offsets() : [];
        bool isPossible = transaction.Batches.All(b => b.Partition.Topic.DeletedLsn == long.MaxValue);
        bool isSpilled = transaction.Batches.Sum(b => b.Bytes.Length) > engine.Options.StagingMemoryBytes;
        TransactionOutcome outcome;
        try
        {
            outcome = Commit(engine, transaction.Key, Manifest(transaction), offsets);
        }
        catch (BrokerException e)
        {
            trace.Add("commit refused", e.Error.ToString(), transaction.Key.Number, 0);
            if (e.Error is BrokerError.DiskFull or BrokerError.StorageError or BrokerError.NotReady)
            {
                return;
            }

            // Of a topic that is gone the broker cannot tell any more what it held.
            bool isGone = e.Error is BrokerError.UnknownTopicOrPartition or BrokerError.TransactionAborted && !isPossible;
            Checks.Expect(isGone || !AreVisible(engine, offsets), $"The commit of {transaction.Key} was answered with {e.Error}: {e.Message}");
            End(transaction);
            return;
        }

        trace.Add("commit", transaction.Key.ToString(), outcome.Number, outcome.Lsn);
        Checks.Expect(isPossible, $"{transaction.Key} was committed though a topic of it had been deleted.");
        Note(transaction, outcome);
        offsets.ForEach(o => o.Partition.Commit(outcome.Lsn, o.Group, o.Offset));
        result.Commits++;
        result.SpilledCommits += isSpilled ? 1 : 0;
        End(transaction);
    }

    private void Note(TransactionModel transaction, TransactionOutcome outcome)
    {
        long lsn = outcome.Lsn - transaction.Batches.Count;
        model.Commits.Add(new CommitModel(transaction.Key, lsn, outcome));
        Checks.Expect(
            outcome.Partitions.Count == transaction.ByPartition.Count(), $"{transaction.Key} is said to have written to {outcome.Partitions.Count} partitions.");
        foreach ((IGrouping<PartitionModel, StagedModel> sent, CommittedPartition place) in transaction.ByPartition.Zip(outcome.Partitions))
        {
            PartitionModel partition = sent.Key;
            Checks.Expect(
                place.TopicId == partition.Topic.Id && place.Partition == partition.Number && place.BaseOffset == partition.NextOffset
                && place.RecordCount == sent.Sum(b => (long)b.Timestamps.Length),
                $"{partition}: {transaction.Key} is said to be at {place}; the partition ends at {partition.NextOffset}.");
            foreach (StagedModel batch in sent)
            {
                partition.Batches.Add(new BatchModel(
                    lsn++, partition.NextOffset, batch.Timestamps.Length, batch.Body, batch.Timestamps, outcome.CommitTimeMs, ProducerId: -1, Sequence: -1)
                {
                    CountsWithLsn = outcome.Lsn,
                });
            }
        }
    }

    private void CommitWrongly(BrokerEngine engine, TransactionModel transaction)
    {
        List<ManifestPartition> manifest = Manifest(transaction);
        int wrong = chance.Below(manifest.Count);
        manifest[wrong] = manifest[wrong] with { RecordCount = manifest[wrong].RecordCount + 1 };
        CommitFails(engine, transaction.Key, manifest, Offsets());
        End(transaction);
    }

    private void Abort(BrokerEngine engine, TransactionModel transaction)
    {
        engine.AbortTransaction(transaction.Key);
        if (chance.Percent(30))
        {
            engine.AbortTransaction(transaction.Key);
        }

        trace.Add("abort", transaction.Key.ToString(), 0, 0);
        End(transaction);
    }

    /// <summary>Asks for an outcome that there is not: the transaction must never have another one.</summary>
    private void AskUndecided(BrokerEngine engine, TransactionModel transaction)
    {
        (TransactionOutcome? outcome, _) = engine.Sequencer.Transactions.Outcome(transaction.Key);
        Checks.Expect(outcome is null, $"{transaction.Key} is said to have been committed.");
        CommitFails(engine, transaction.Key, Manifest(transaction), Offsets());
        End(transaction);
    }

    /// <summary>The answer to a commit was lost: the same call, or a question, must get it.</summary>
    private void CommitAgain(BrokerEngine engine, ProducerModel producer)
    {
        if (model.Commits.FindLast(c => c.Key.ProducerId == producer.Id) is not { } commit)
        {
            return;
        }

        TransactionOutcome? outcome = chance.Percent(50)
            ? Commit(engine, commit.Key, [], [])
            : engine.Sequencer.Transactions.Outcome(commit.Key).Outcome;
        Checks.Expect(
            outcome is not null && outcome.Lsn == commit.Lsn && outcome.CommitTimeMs == commit.Answer.CommitTimeMs
            && outcome.Partitions.SequenceEqual(commit.Answer.Partitions),
            $"{commit.Key} was committed as {commit.Answer}, and is said to be {outcome}.");
    }

    /// <summary>What was held up on the way, from a transaction that has ended: no part of it may count any more.</summary>
    private void ComeLate(BrokerEngine engine, TransactionModel transaction, PartitionModel partition)
    {
        result.LateCalls++;
        bool isCommitted = model.Commits.Exists(c => c.Key == transaction.Key);
        if (chance.Percent(50) && !isCommitted)
        {
            BrokerError? error = TryCommit(engine, transaction);
            Checks.Expect(
                error is BrokerError.TransactionAborted or BrokerError.InvalidProducerEpoch or BrokerError.UnknownProducerId
                    or BrokerError.StorageError or BrokerError.NotReady or BrokerError.InvalidTransactionState,
                $"The commit of {transaction.Key}, which was over, was answered with {error}.");
            return;
        }

        StagedModel batch = transaction.Batches.Count > 0 && chance.Percent(50) ? chance.Pick(transaction.Batches) : Draft(partition, transaction.Key, 0);
        if (Send(engine, transaction, batch) is { } decision)
        {
            result.Zombies += decision.Error == BrokerError.InvalidProducerEpoch ? 1 : 0;
            Checks.Expect(!decision.IsAccepted || (isCommitted && decision.Duplicate), $"A batch of {transaction.Key}, which was over, was taken: {decision}.");
        }
    }

    private void CommitOffsets(BrokerEngine engine, PartitionModel partition)
    {
        var commits = new List<(PartitionModel Partition, string Group, long Offset)> { (partition, chance.Pick(model.Groups), OffsetIn(partition)) };
        try
        {
            long lsn = engine.Sequencer.Offsets.Commit(ToEngine(commits));
            trace.Add("offsets", partition.ToString(), commits[0].Offset, lsn);
            commits.ForEach(c => c.Partition.Commit(lsn, c.Group, c.Offset));
        }
        catch (BrokerException e) when (e.Error is BrokerError.StorageError or BrokerError.NotReady or BrokerError.UnknownTopicOrPartition)
        {
            Checks.Expect(
                e.Error != BrokerError.UnknownTopicOrPartition || !AreVisible(engine, commits), $"{partition} is there and not known: {e.Message}");
        }
    }

    /// <summary>Some partitions, each at most once.</summary>
    private List<(PartitionModel Partition, string Group, long Offset)> Offsets() =>
    [
        .. model.Partitions.Where(_ => chance.Percent(30)).Select(p => (p, chance.Pick(model.Groups), OffsetIn(p))),
    ];

    private long OffsetIn(PartitionModel partition) => chance.Below((int)partition.NextOffset + 1);

    private static bool AreVisible(BrokerEngine engine, List<(PartitionModel Partition, string Group, long Offset)> offsets) =>
        offsets.TrueForAll(o => engine.FindPartition(o.Partition.Topic.Id, o.Partition.Number) is not null);

    private static OffsetCommit[] ToEngine(List<(PartitionModel Partition, string Group, long Offset)> offsets) =>
        [.. offsets.Select(o => new OffsetCommit(o.Group, o.Partition.Topic.Id, o.Partition.Number, o.Offset, "m"))];

    private static List<ManifestPartition> Manifest(TransactionModel transaction) =>
    [
        .. transaction.ByPartition.Select(sent => new ManifestPartition(
            sent.Key.Topic.Id, sent.Key.Number, sent.Count(), sent.Sum(b => (long)b.Timestamps.Length))),
    ];

    private static TransactionOutcome Commit(
        BrokerEngine engine, TransactionKey key, List<ManifestPartition> manifest, List<(PartitionModel, string, long)> offsets) =>
        engine.Sequencer.Transactions.CommitAsync(
            key, manifest, ToEngine(offsets), (_, _) => ValueTask.CompletedTask, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private static BrokerError? TryCommit(BrokerEngine engine, TransactionModel transaction)
    {
        try
        {
            Commit(engine, transaction.Key, Manifest(transaction), []);
            return null;
        }
        catch (BrokerException e)
        {
            return e.Error;
        }
    }

    private static void CommitFails(
        BrokerEngine engine, TransactionKey key, List<ManifestPartition> manifest, List<(PartitionModel, string, long)> offsets)
    {
        try
        {
            Commit(engine, key, manifest, offsets);
            throw new Violation($"{key} was committed.");
        }
        catch (BrokerException e)
        {
            Checks.Expect(
                e.Error is BrokerError.TransactionAborted or BrokerError.DiskFull or BrokerError.StorageError or BrokerError.NotReady,
                $"The commit of {key} was answered with {e.Error}: {e.Message}");
            if (e.Error == BrokerError.DiskFull)
            {
                engine.AbortTransaction(key);
            }
        }
    }

    private StagedModel Draft(PartitionModel partition, TransactionKey key, long sequence)
    {
        using BatchDraft draft = drafts.New(partition, key.ProducerId, key.Epoch, sequence);
        uint seed = StoredBatch.PrefixSeed(partition.Topic.Id, partition.Number);
        StoredBatch.SetProducer(draft.Batch.Span, seed, key.ProducerId, key.Epoch, sequence, isTransactional: true);
        return new StagedModel(partition, sequence, draft.Batch.Span.ToArray(), BodyOf(draft.Batch.Span), draft.Timestamps);
    }

    /// <returns>Null when the partition is not there yet, or any more.</returns>
    private AppendDecision? Send(BrokerEngine engine, TransactionModel transaction, StagedModel batch)
    {
        if (engine.FindPartition(batch.Partition.Topic.Id, batch.Partition.Number) is not { } handle)
        {
            return null;
        }

        AppendDecision decision = engine.Stage(handle, batch.Bytes, ContextOf(transaction));
        if (!IsFailure(decision))
        {
            transaction.NoteKnown(time.GetUtcNow());
        }

        trace.Add("stage", batch.Partition.ToString(), batch.Sequence, (long)decision.Error);
        return decision;
    }

    private static bool IsFailure(AppendDecision decision) =>
        decision.Error is BrokerError.StorageError or BrokerError.NotReady or BrokerError.UnknownTopicOrPartition;

    private static bool IsTransient(BrokerEngine engine, AppendDecision decision) =>
        IsFailure(decision) || decision.Error is BrokerError.DiskFull
        || (decision.Error == BrokerError.StagingFull && engine.Sequencer.Transactions.Stats().StagedBytes > 0);
}
