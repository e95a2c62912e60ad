using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Files;
using Broker.Storage.Journal;

namespace Broker.Engine.Transactions;

/// <summary>How transactions end: committed as one entry of the journal, or as if they had never been.</summary>
internal sealed class TransactionDecisions : IDisposable
{
    private readonly Sequencer _sequencer;
    private readonly EngineState _state;
    private readonly ProducerTable _producers;
    private readonly TransactionTable _table;
    private readonly OffsetDecisions _offsets;
    private readonly TimeProvider _time;
    private readonly Lock _gate;

    // What was staged in a file is read for its commit: one transaction at a time is that large in memory.
    private readonly SemaphoreSlim _loading = new(1);

    public TransactionDecisions(
        Sequencer sequencer, EngineState state, ProducerTable producers, TransactionTable table, OffsetDecisions offsets, TimeProvider time)
    {
        _sequencer = sequencer;
        _state = state;
        _producers = producers;
        _table = table;
        _offsets = offsets;
        _time = time;
        _gate = sequencer.Gate;
    }

    /// <summary>Commits a transaction, if the broker holds all that the producer has sent. Said again, it answers the same again.</summary>
    /// <param name="manifest">What was sent to each partition; empty for offsets alone.</param>
    /// <param name="becameVisible">Completes when an entry is visible.</param>
    /// <exception cref="BrokerException">It was not committed by this call; except when the disk is full, it never will be.</exception>
    public async ValueTask<TransactionOutcome> CommitAsync(
        TransactionKey key, IReadOnlyList<ManifestPartition> manifest, IReadOnlyList<OffsetCommit> offsets,
        Func<long, CancellationToken, ValueTask> becameVisible, CancellationToken cancellationToken)
    {
        TransactionOutcome outcome = await DecideCommitAsync(key, manifest, offsets, becameVisible, cancellationToken).ConfigureAwait(false);
        await becameVisible(outcome.Lsn, cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    /// <inheritdoc cref="CommitAsync"/>
    /// <returns>How it was decided: to be told to nobody before its entry is visible.</returns>
    public async ValueTask<TransactionOutcome> DecideCommitAsync(
        TransactionKey key, IReadOnlyList<ManifestPartition> manifest, IReadOnlyList<OffsetCommit> offsets,
        Func<long, CancellationToken, ValueTask> becameVisible, CancellationToken cancellationToken)
    {
        try
        {
            return TryCommit(key, manifest, offsets)
                ?? await LoadAndCommitAsync(key, manifest, offsets, becameVisible, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ReleaseFiles();
        }
    }

    /// <summary>Aborts a transaction; said again, or of one that is over, it does nothing.</summary>
    /// <exception cref="BrokerException">It was committed, or the producer was taken over.</exception>
    public void Abort(TransactionKey key)
    {
        lock (_gate)
        {
            if (_table.Find(key, out AppendDecision refusal) is { } transactions)
            {
                AbortUndecided(transactions, key, AbortCause.Client);
            }
            else if (refusal.Error != BrokerError.TransactionAborted)
            {
                throw Refused(refusal);
            }
        }

        ReleaseFiles();
    }

    /// <summary>What became of a transaction. One that has no outcome yet is aborted first, so that the answer stays true.</summary>
    /// <returns>Null when it was aborted.</returns>
    /// <exception cref="BrokerException">So much has happened since that nobody knows any more.</exception>
    public (TransactionOutcome? Outcome, long Lsn) Outcome(TransactionKey key)
    {
        lock (_gate)
        {
            _sequencer.RefuseWhenStopped();
            if (CommittedAs(key) is { } committed)
            {
                return (committed, committed.Lsn);
            }

            if (_table.Find(key, out AppendDecision refusal) is { } transactions)
            {
#if BROKER_MUTANTS
                if (!Mutant.Is("outcome-query-does-not-abort"))
#endif
                AbortUndecided(transactions, key, AbortCause.OutcomeAsked);
            }
            else if (refusal.Error != BrokerError.TransactionAborted
                && (_producers.Find(key.ProducerId) is not { } producer || producer.Transactions?.IsBehindCommitted(key.Epoch, key.Number) == false))
            {
                throw Refused(refusal);
            }
        }

        ReleaseFiles();
        return (null, _sequencer.DecidedLsn);
    }

    /// <summary>Open transactions, by producer.</summary>
    public IReadOnlyList<TransactionSummary> List()
    {
        lock (_gate)
        {
            return [.. _table.Open.Select(_table.Summary).OrderBy(summary => summary.Producer, StringComparer.Ordinal)];
        }
    }

    /// <summary>The open transaction of a producer, what it has staged, and its newest commit.</summary>
    /// <exception cref="BrokerException">No producer has the name.</exception>
    public TransactionDescription Describe(string name)
    {
        lock (_gate)
        {
            NamedProducer producer = Known(name);
            OpenTransaction? open = producer.Transactions?.Open;
            TransactionOutcome? committed = producer.Transactions?.Committed;
            return new TransactionDescription(
                producer.Name, producer.Id, producer.Epoch, open is null ? null : _table.Summary(open),
                [.. (open?.Partitions ?? []).Select(Staged)], committed, committed?.Lsn ?? _sequencer.LastLsn);
        }
    }

    /// <summary>Aborts the open transaction of a producer, as an operator wants.</summary>
    /// <returns>False when it has none.</returns>
    /// <exception cref="BrokerException">No producer has the name.</exception>
    public bool AbortOpen(string name)
    {
        lock (_gate)
        {
            if (Known(name).Transactions?.Open is not { } open)
            {
                return false;
            }

            _table.Abort(open, AbortCause.Operator);
        }

        ReleaseFiles();
        return true;
    }

    /// <summary>Takes note that the connection over which batches were staged is gone.</summary>
    public void NoteLost(long producerId, long number)
    {
        lock (_gate)
        {
            if (_producers.Find(producerId)?.Transactions?.Open is { } open && open.Key.Number == number)
            {
                open.LostTimestamp = _time.GetTimestamp();
            }
        }
    }

    /// <summary>Aborts what is older than it may be. To be called once a second.</summary>
    public void Tend()
    {
        lock (_gate)
        {
            _table.AbortExpired();
        }

        ReleaseFiles();
    }

    public TransactionStats Stats()
    {
        lock (_gate)
        {
            return _table.Stats();
        }
    }

    public void Dispose() => _loading.Dispose();

    /// <returns>Null when what is in the staging file must be loaded first.</returns>
    private TransactionOutcome? TryCommit(
        TransactionKey key, IReadOnlyList<ManifestPartition> manifest, IReadOnlyList<OffsetCommit> offsets)
    {
        lock (_gate)
        {
            _sequencer.RefuseWhenStopped();
            if (CommittedAs(key) is { } committed)
            {
                return committed;
            }

            if (_table.Find(key, out AppendDecision refusal) is not { } transactions)
            {
                throw Refused(refusal);
            }

            if (manifest.Count > 0)
            {
                _sequencer.RefuseWhenDiskFull();
            }

            OpenTransaction transaction = _table.FindOrBegin(transactions, key, Timeout.InfiniteTimeSpan);
            if (!Matches(transaction, manifest))
            {
#if BROKER_MUTANTS
                if (Mutant.Is("offsets-though-aborted"))
                {
                    _offsets.Commit(offsets);
                }
#endif
                _table.Abort(transaction, AbortCause.ManifestMismatch);
                throw Refused(_table.Refused(BrokerError.TransactionAborted, key.Number, (long)AbortCause.ManifestMismatch));
            }

            transaction.IsCommitting = true;
            return transaction.Partitions.All(IsLoaded) ? Commit(transactions, transaction, offsets) : null;
        }
    }

    private async ValueTask<TransactionOutcome> LoadAndCommitAsync(
        TransactionKey key, IReadOnlyList<ManifestPartition> manifest, IReadOnlyList<OffsetCommit> offsets,
        Func<long, CancellationToken, ValueTask> becameVisible, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Load(key);
            TransactionOutcome outcome = TryCommit(key, manifest, offsets)
                ?? throw new InvalidOperationException("A transaction was loaded and is not complete.");

            // Its bytes are in memory until then.
            await becameVisible(outcome.Lsn, cancellationToken).ConfigureAwait(false);
            return outcome;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Reads what is in the staging file, without the lock: it may end meanwhile, in any way.</summary>
    private void Load(TransactionKey key)
    {
        OpenTransaction? transaction;
        List<(StagedPartition Partition, int At, StagedBatch Batch)> missing;
        lock (_gate)
        {
            transaction = _producers.Find(key.ProducerId)?.Transactions?.Open;
            if (transaction?.File is not { } file || transaction.Key != key)
            {
                return;
            }

            missing = [.. transaction.Partitions.SelectMany(
                partition => partition.Batches.Select((batch, at) => (partition, at, batch)).Where(each => each.batch.Buffer is null))];
            file.Retain();
        }

        var loaded = new List<PooledBuffer>(missing.Count);
        bool isWhole = TryRead(transaction.File, missing, loaded);
        transaction.File.Release();
        lock (_gate)
        {
            if (isWhole && !transaction.IsEnded)
            {
                for (int i = 0; i < missing.Count; i++)
                {
                    missing[i].Partition.PutBuffer(missing[i].At, loaded[i]);
                }

                return;
            }

            if (!transaction.IsEnded)
            {
                _table.Abort(transaction, AbortCause.StagingLost);
            }
        }

        loaded.ForEach(buffer => buffer.Release());
    }

    private static bool TryRead(
        StagingFile file, List<(StagedPartition Partition, int At, StagedBatch Batch)> missing, List<PooledBuffer> loaded)
    {
        try
        {
            foreach ((StagedPartition partition, _, StagedBatch batch) in missing)
            {
                PooledBuffer buffer = PooledBuffer.Rent(batch.Bytes);
                loaded.Add(buffer);
                if (!file.Read(batch.FilePosition, buffer.Span)
                    || StoredBatch.Validate(buffer.Span, partition.Partition.PrefixSeed, int.MaxValue) != BatchError.None)
                {
                    return false;
                }
            }

            return true;
        }
        catch (DiskException)
        {
            return false;
        }
    }

    private TransactionOutcome Commit(ProducerTransactions transactions, OpenTransaction transaction, IReadOnlyList<OffsetCommit> offsets)
    {
        long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        IReadOnlyList<(CommittedOffset, OffsetValue)> values;
        try
        {
            foreach (StagedPartition staged in transaction.Partitions)
            {
                CheckPossible(staged.Partition);
            }

            values = _offsets.Resolve(offsets, nowMs);
        }
        catch (BrokerException)
        {
            _table.Abort(transaction, AbortCause.NotPossible);
            throw;
        }

        var entries = new List<JournalEntry>(transaction.BatchCount + 1);
        IEnumerable<StagedPartition> partitions = transaction.Partitions;
#if BROKER_MUTANTS
        if (Mutant.Is("commit-to-first-partition-only"))
        {
            partitions = partitions.Take(1);
        }
#endif
        CommittedPartition[] places = [.. partitions.Select(staged => Append(staged, nowMs, entries))];
        long lsn = _sequencer.NextLsn();
        var outcome = new TransactionOutcome(transaction.Key.Epoch, transaction.Key.Number, nowMs, places, lsn);
        var effects = new CommitEffects(transactions, outcome, values);
        entries.Add(new StateEntry(_state, EntryKind.TransactionCommitted, effects.ToBytes(), effects) { Lsn = lsn });
        effects.Decide();
        _sequencer.Enqueue(entries);
        _table.Committed(transaction);
        return outcome;
    }

    private CommittedPartition Append(StagedPartition staged, long nowMs, List<JournalEntry> entries)
    {
        PartitionHandle partition = staged.Partition;
        long baseOffset = partition.Decided.NextOffset;
        foreach (StagedBatch batch in staged.Batches)
        {
            entries.Add(_sequencer.Place(partition, batch.Buffer!.Memory, batch.Buffer, nowMs, isContinued: true));
        }

        return new CommittedPartition(partition.TopicId, partition.Partition, baseOffset, staged.RecordCount);
    }

    private void CheckPossible(PartitionHandle partition)
    {
        if (_sequencer.Unavailable(partition) is { } unavailable)
        {
            throw Refused(unavailable, partition);
        }

        if (partition.Decided.IsQuarantined)
        {
            throw Refused(_table.Refused(BrokerError.PartitionQuarantined), partition);
        }
    }

    private static bool Matches(OpenTransaction transaction, IReadOnlyList<ManifestPartition> manifest)
    {
#if BROKER_MUTANTS
        if (Mutant.Is("manifest-not-checked"))
        {
            return true;
        }
#endif
        Dictionary<(TopicId, int), ManifestPartition> sent = [];
        foreach (ManifestPartition partition in manifest.Where(partition => partition.BatchCount > 0))
        {
            if (!sent.TryAdd((partition.TopicId, partition.Partition), partition))
            {
                return false;
            }
        }

        return transaction.Partitions.Count == sent.Count && transaction.Partitions.All(partition =>
            sent.TryGetValue((partition.Partition.TopicId, partition.Partition.Partition), out ManifestPartition said)
            && said.BatchCount == partition.Batches.Count && said.RecordCount == partition.RecordCount);
    }

    private static bool IsLoaded(StagedPartition partition) => partition.Batches.All(batch => batch.Buffer is not null);

    private TransactionOutcome? CommittedAs(TransactionKey key) =>
        _producers.Find(key.ProducerId)?.Transactions is { } transactions && transactions.HasCommitted(key.Epoch, key.Number)
            ? transactions.Committed
            : null;

    private void AbortUndecided(ProducerTransactions transactions, TransactionKey key, AbortCause cause)
    {
        // Begun first, so that a batch of it that is still on its way finds it ended.
        _table.Abort(_table.FindOrBegin(transactions, key, Timeout.InfiniteTimeSpan), cause);
    }

    private NamedProducer Known(string name) => _producers.Find(name) ?? throw new BrokerException(
        BrokerError.UnknownProducer, $"No producer has the name {name}.", new Dictionary<string, string> { ["producer"] = name });

    private StagedPlace Staged(StagedPartition staged) => new(
        staged.Partition.TopicName, staged.Partition.Partition, staged.Batches.Count, staged.RecordCount, staged.Batches.Sum(batch => (long)batch.Bytes));

    /// <summary>With the run of the broker: a producer that has not heard of it begins its next transaction in the wrong one.</summary>
    private BrokerException Refused(AppendDecision decision, PartitionHandle? partition = null)
    {
        string where = partition is null ? "" : $"Topic {partition.TopicName}, partition {partition.Partition}: ";
        return new BrokerException(
            decision.Error, where + decision.Describe(),
            new Dictionary<string, string>
            {
                ["found"] = decision.Found.ToString(),
                ["expected"] = decision.Expected.ToString(),
                ["incarnation"] = _table.Incarnation.ToString(),
            });
    }

    private void ReleaseFiles()
    {
        IReadOnlyList<StagingFile> ended;
        lock (_gate)
        {
            ended = _table.TakeEndedFiles();
        }

        foreach (StagingFile file in ended)
        {
            try
            {
                file.Release();
            }
            catch (DiskException)
            {
                // The next start removes it.
            }
        }
    }
}
