using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>
/// The transactions that are open, and the rules by which a call is told to belong to one: whose it is, and that it is not of a
/// transaction that has come to its end. Guarded by the sequencer's lock.
/// </summary>
internal sealed class TransactionTable(Sequencer sequencer, ProducerTable producers, Staging staging, TimeProvider time, long incarnation)
{
    /// <summary>For so long a producer whose connection is lost may come back.</summary>
    public static readonly TimeSpan LostMax = TimeSpan.FromSeconds(10);

    private readonly HashSet<OpenTransaction> _open = [];
    private List<StagingFile> _endedFiles = [];
    private long _commitCount, _abortCount, _fencedCount;

    /// <summary>The run of the broker that transactions belong to.</summary>
    public long Incarnation => incarnation;

    public int OpenCount => _open.Count;

    public IEnumerable<OpenTransaction> Open => _open;

    /// <summary>Whose calls with this key are; null, with the reason, when a call with it can do nothing any more.</summary>
    public ProducerTransactions? Find(in TransactionKey key, out AppendDecision refusal)
    {
        if (producers.Find(key.ProducerId) is not { } producer)
        {
            refusal = Refused(BrokerError.UnknownProducerId, key.ProducerId);
            return null;
        }

#if BROKER_MUTANTS
        if (Mutant.Is("no-epoch-check-at-commit"))
        {
            refusal = default;
            return ((NamedProducer)producer).TransactionsOrNew();
        }
#endif
        if (key.Epoch != producer.Epoch)
        {
            _fencedCount++;
            refusal = Refused(BrokerError.InvalidProducerEpoch, key.Epoch, producer.Epoch);
            return null;
        }

        if (producer is not NamedProducer named || key.Number < 1)
        {
            refusal = Refused(BrokerError.InvalidTransactionState, key.Number);
            return null;
        }

        ProducerTransactions transactions = named.TransactionsOrNew();
        bool isOfAnotherRun = key.Incarnation != incarnation;
        if (isOfAnotherRun || key.Number <= transactions.EndedUpTo)
        {
            // Of those up to the newest committed one nobody knows which were committed before it.
            AbortCause cause = isOfAnotherRun ? AbortCause.BrokerRestarted : transactions.AbortCause;
            refusal = transactions.IsBehindCommitted(key.Epoch, key.Number)
                ? Refused(BrokerError.TransactionAborted, key.Number, (long)cause)
                : Refused(BrokerError.InvalidTransactionState, key.Number);
            return null;
        }

        producers.Touch(producer);
        refusal = default;
        return transactions;
    }

    /// <summary>
    /// Whether a batch was committed with the transaction that it belongs to, so that it is a repeated one: the producer has not heard of
    /// the commit.
    /// </summary>
    public bool HoldsCommitted(in TransactionKey key, PartitionHandle partition, in StoredBatchView batch)
    {
        if (producers.Find(key.ProducerId)?.Transactions is not { } transactions || !transactions.HasCommitted(key.Epoch, key.Number))
        {
            return false;
        }

        long end = batch.BaseSequence + batch.RecordCount;
        return transactions.Committed!.Partitions.Any(
            place => place.TopicId == partition.TopicId && place.Partition == partition.Partition && end <= place.RecordCount);
    }

    /// <summary>The transaction of a call that passed <see cref="Find"/>, begun with it when it is the first.</summary>
    public OpenTransaction FindOrBegin(ProducerTransactions transactions, in TransactionKey key, TimeSpan timeout)
    {
        if (transactions.Open is { } open)
        {
            if (open.Key.Number == key.Number)
            {
                open.LostTimestamp = null;
                return open;
            }

            Invariant.Check(open.Key.Number < key.Number);
            Abort(open, AbortCause.LeftBehind);
        }

        // Also those of which nothing has come yet: it may come later.
        transactions.NoteLeftBehind(key.Number);
#if BROKER_MUTANTS
        var begun = new OpenTransaction(transactions, key, time.GetTimestamp(), timeout) { StartedAt = time.GetUtcNow() };
#else
        var begun = new OpenTransaction(transactions, key, time.GetTimestamp(), timeout);
#endif
        transactions.Open = begun;
        _open.Add(begun);
        return begun;
    }

    public void Abort(OpenTransaction transaction, AbortCause cause)
    {
        transaction.Owner.NoteAborted(transaction.Key.Number, cause);
        _abortCount++;
        End(transaction);
    }

    /// <summary>Ends a transaction that was just decided to be committed.</summary>
    public void Committed(OpenTransaction transaction)
    {
        _commitCount++;
        End(transaction);
    }

    /// <summary>Another instance of the producer begins: what the one before has open is no more.</summary>
    public void Fence(ProducerState producer, AbortCause cause)
    {
        if (producer.Transactions is { } transactions)
        {
            if (transactions.Open is { } open)
            {
                Abort(open, cause);
            }

            transactions.BeginEpoch();
        }
    }

    /// <summary>Aborts what is older than it may be.</summary>
    public void AbortExpired()
    {
        foreach (OpenTransaction transaction in _open.ToArray())
        {
            TimeSpan age = time.GetElapsedTime(transaction.StartedTimestamp);
#if BROKER_MUTANTS
            if (Mutant.Is("timeout-on-the-wall-clock"))
            {
                age = time.GetUtcNow() - transaction.StartedAt;
            }
#endif
            if (age >= transaction.Timeout)
            {
                Abort(transaction, AbortCause.TimedOut);
            }
            else if (transaction.LostTimestamp is { } lost && time.GetElapsedTime(lost) >= LostMax)
            {
                Abort(transaction, AbortCause.Disconnected);
            }
        }
    }

    public TransactionStats Stats() => new(
        _open.Count, _open.Count == 0 ? TimeSpan.Zero : _open.Max(transaction => time.GetElapsedTime(transaction.StartedTimestamp)),
        staging.Bytes, staging.MemoryBytes, _commitCount, _abortCount, _fencedCount);

    public TransactionSummary Summary(OpenTransaction transaction) => new(
        transaction.Producer.Name, transaction.Key.ProducerId, transaction.Key.Epoch, transaction.Key.Number, transaction.Producer.ClientId,
        (long)time.GetElapsedTime(transaction.StartedTimestamp).TotalMilliseconds, (long)transaction.Timeout.TotalMilliseconds,
        transaction.Partitions.Count, transaction.BatchCount, transaction.RecordCount, transaction.Bytes,
        transaction.Bytes - transaction.MemoryBytes);

    /// <summary>The files of transactions that have ended since the last call: to be released without the lock.</summary>
    public IReadOnlyList<StagingFile> TakeEndedFiles()
    {
        if (_endedFiles.Count == 0)
        {
            return [];
        }

        List<StagingFile> ended = _endedFiles;
        _endedFiles = [];
        return ended;
    }

    public AppendDecision Refused(BrokerError error, long found = 0, long expected = 0) =>
        AppendDecision.Refused(error, sequencer.LastLsn, found, expected);

    private void End(OpenTransaction transaction)
    {
        transaction.Owner.Open = null;
        _open.Remove(transaction);
        staging.Freed(transaction);
        transaction.End();
        if (transaction.File is { } file)
        {
            _endedFiles.Add(file);
        }
    }
}
