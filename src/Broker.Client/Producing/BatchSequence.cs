using Broker.Client.Transport;
using Broker.Protocol.V1;
using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>
/// The sealed batches of one partition in order, from sealing to outcome: which goes next, under which sequence, and what
/// follows from each answer. It decides; it does no I/O and knows no clock.
/// </summary>
/// <remarks>
/// Not thread-safe: guarded by the partition's lock. The rules are in docs/protocol.md, "Retries"; the two that bind the
/// code are these. Bytes whose outcome is unknown are only ever sent again unchanged, under the same producer and sequence.
/// A sequence is given to another batch only when no copy of its former owner's successors can still arrive; otherwise the
/// partition goes on under a new producer id, under which old copies mean nothing.
/// </remarks>
internal sealed class BatchSequence(int inFlightMax, Backoff backoff)
{
    private readonly List<PendingBatch> _batches = [];
    private ProducerIdentity? _identity;
    private int _inFlightCount;
    private long _nextSequence;
    private (int Batches, long Records) _staged;

    // The first number of a batch that was refused for good: no later number can have been accepted by the broker.
    private long? _gapAt;

    // After a refusal nothing is sent until everything in flight was answered; then the order is settled anew.
    private bool _isDraining;
    private bool _needsIdentity;
    private bool _needsTopic;
    private long _retryAtMs;
    private int _retryAttempt;

    /// <summary>The prefix CRC's seed of the partition as it is now.</summary>
    public uint Seed { get; set; }

    public ProducerIdentity? Identity => _identity;

    public bool IsEmpty => _batches.Count == 0;

    public bool HasUnsent => _batches.Count > _inFlightCount;

    public int InFlightCount => _inFlightCount;

    /// <summary>The last refusal, for the error of those that give up.</summary>
    public BrokerException? LastRefusal { get; private set; }

    /// <summary>What the next batch to be sealed will most likely be numbered with.</summary>
    public long LikelySequence => _batches.Count == 0 ? _nextSequence : _batches[^1].StampedSequence + _batches[^1].RecordCount;

    public IReadOnlyList<PendingBatch> Batches => _batches;

    /// <summary>Batches of the transaction, and the records in them, that the broker holds or that are on their way to it.</summary>
    public (int Batches, long Records) Sent =>
        (_staged.Batches + _inFlightCount, _staged.Records + _batches.Where(batch => batch.State == BatchState.InFlight).Sum(batch => (long)batch.RecordCount));

    public void Add(PendingBatch batch) => _batches.Add(batch);

    /// <summary>Begins anew under another identity, as each transaction does in each partition.</summary>
    public void Restart(ProducerIdentity identity)
    {
        Invariant.Check(_batches.Count == 0);
        _identity = identity;
        _nextSequence = 0;
        _gapAt = null;
        _isDraining = _needsIdentity = _needsTopic = false;
        _retryAtMs = 0;
        _staged = default;
    }

    public bool CanSend(long nowMs)
    {
        return !_isDraining && !_needsIdentity && !_needsTopic && nowMs >= _retryAtMs && _inFlightCount < inFlightMax;
    }

    /// <summary>The next batch, numbered and stamped, now in flight; null when there is none or none may go.</summary>
    /// <param name="current">The producer's identity, for a partition that has none yet.</param>
    /// <param name="firstSequence">What that producer's next batch here is numbered with.</param>
    public PendingBatch? TryTake(long nowMs, ProducerIdentity current, long firstSequence = 0)
    {
        if (!CanSend(nowMs) || !HasUnsent)
        {
            return null;
        }

        // Outside of draining, what is in flight is the front of the list.
        PendingBatch batch = _batches[_inFlightCount];
        Invariant.Check(batch.State == BatchState.Waiting);
        if (_identity is null)
        {
            _identity = current;
            _nextSequence = firstSequence;
        }

        if (!batch.IsNumbered)
        {
            batch.IsNumbered = true;
            batch.BaseSequence = _nextSequence;
        }

        Stamp(batch, _identity);
        _nextSequence = Math.Max(_nextSequence, batch.EndSequence);
        batch.State = BatchState.InFlight;
        _inFlightCount++;
        return batch;
    }

    /// <summary>Takes in the broker's answer to a batch in flight.</summary>
    public Reaction OnResult(PendingBatch batch, BatchResult result, long nowMs, List<BatchOutcome> outcomes)
    {
        Invariant.Check(batch.State == BatchState.InFlight);
        _inFlightCount--;
        var reaction = Reaction.None;
        if (result.Error is null)
        {
            _batches.Remove(batch);
            reaction = _retryAttempt > 0 ? Reaction.TellTaken : Reaction.None;
            _retryAttempt = 0;
            _staged = (_staged.Batches + 1, _staged.Records + batch.RecordCount);
            outcomes.Add(new BatchOutcome(batch, result, Error: null));
        }
        else
        {
            reaction = Refuse(batch, ErrorMapper.FromError(result.Error), nowMs, outcomes);
        }

        return reaction | (_isDraining && _inFlightCount == 0 ? Settle() : Reaction.Send);
    }

    /// <summary>The stream is gone, with the answers to what was in flight.</summary>
    /// <param name="nothingArrived">No connection came about, so nothing of it can have reached the broker.</param>
    public Reaction OnDisconnected(bool nothingArrived)
    {
        foreach (PendingBatch batch in _batches)
        {
            if (batch.State == BatchState.InFlight && !nothingArrived)
            {
                batch.InDoubt = true;
                batch.CopyMayArrive = true;
            }

            batch.State = BatchState.Waiting;
        }

        _inFlightCount = 0;
        return Settle();
    }

    /// <summary>
    /// Goes on under another identity. Under a new producer id batches in doubt fail, because nobody can tell their outcome any
    /// more; under the next epoch of the same they are sent again, and found if they were written.
    /// </summary>
    /// <param name="firstSequence">What that producer's next batch here is numbered with.</param>
    /// <remarks>Without effect when none is wanted, or while answers are due: then it will be asked for once more.</remarks>
    public void Rebase(ProducerIdentity identity, List<BatchOutcome> outcomes, long firstSequence = 0)
    {
        if (!_needsIdentity || _inFlightCount > 0)
        {
            return;
        }

        bool continues = identity.Continues(_identity);
        _identity = identity;
        _needsIdentity = false;
        if (continues)
        {
            ContinueNumbers(firstSequence);
        }
        else
        {
            RestartNumbers(firstSequence, outcomes);
        }
    }

    /// <summary>Goes on in the topic that now has this name; its partitions know nothing of earlier sequences.</summary>
    /// <returns>False while answers are due: they will say that the topic is gone, and then it will be asked for once more.</returns>
    /// <param name="firstSequence">What the producer's next batch in the new topic is numbered with.</param>
    public bool TryRetarget(uint seed, List<BatchOutcome> outcomes, long firstSequence = 0)
    {
        if (_inFlightCount > 0)
        {
            return false;
        }

        Seed = seed;
        _needsTopic = false;
        RestartNumbers(firstSequence, outcomes);
        return true;
    }

    /// <summary>The topic is what it was: the refusal was a passing one.</summary>
    public void ConfirmTopic(long nowMs)
    {
        if (_needsTopic)
        {
            _needsTopic = false;
            RetryLater(nowMs);
        }
    }

    /// <summary>Ends every batch that is not in flight, with an error that is definite for those not in doubt.</summary>
    public void FailAll(Func<bool, BrokerException> error, List<BatchOutcome> outcomes)
    {
        foreach (PendingBatch batch in _batches)
        {
            if (batch.State != BatchState.InFlight)
            {
                outcomes.Add(new BatchOutcome(batch, Result: null, error(!batch.InDoubt && !batch.CopyMayArrive)));
            }
        }

        _batches.RemoveAll(batch => batch.State != BatchState.InFlight);
    }

    /// <summary>Ends the batches made before a time, except those in flight.</summary>
    /// <param name="inFlightExpired">True when one in flight is as old: its stream should be given up.</param>
    public Reaction Expire(
        long createdBeforeMs,
        Func<bool, BrokerException> error,
        List<BatchOutcome> outcomes,
        out bool inFlightExpired)
    {
        inFlightExpired = false;
        bool leavesGap = false;
        for (int i = 0; i < _batches.Count && _batches[i].CreatedMs < createdBeforeMs;)
        {
            PendingBatch batch = _batches[i];
            if (batch.State == BatchState.InFlight)
            {
                inFlightExpired = true;
                i++;
                continue;
            }

            _batches.RemoveAt(i);
            bool isDefinite = !batch.InDoubt && !batch.CopyMayArrive;
            leavesGap |= batch.IsNumbered && !IsInTransaction;
            if (batch.IsNumbered && !IsInTransaction)
            {
                GiveUpNumbers(batch, isDefinite);
            }

            outcomes.Add(new BatchOutcome(batch, Result: null, error(isDefinite)));
        }

        if (!leavesGap)
        {
            return Reaction.None;
        }

        _isDraining = true;
        return _inFlightCount == 0 ? Settle() : Reaction.None;
    }

    private Reaction Refuse(PendingBatch batch, BrokerException refusal, long nowMs, List<BatchOutcome> outcomes)
    {
        bool follows = _isDraining;
        _isDraining = true;
        batch.State = BatchState.Refused;
        LastRefusal = follows && refusal is not FatalException ? LastRefusal : refusal;
        if (IsInTransaction)
        {
            return RefuseInTransaction(batch, refusal, nowMs, outcomes);
        }

        switch (refusal.Reason)
        {
            case ErrorReasons.InvalidProducerEpoch when batch.StampedIdentity is { IsNamed: true }:
                // Perhaps this producer itself has been opened once more, for another partition: whoever opens it next is told.
                _needsIdentity = true;
                return Reaction.None;
            case ErrorReasons.OutOfOrderSequenceNumber:
            case ErrorReasons.PrecedingBatchRefused:
                // The broker has not got what comes before, so it has not got this one, from no attempt.
                batch.InDoubt = false;
                // With nothing refused before it, the broker has lost the producer's place in this partition.
                _needsIdentity |= !follows;
                return Reaction.None;
            case ErrorReasons.UnknownProducerId:
                _needsIdentity = true;
                return Reaction.None;
            case ErrorReasons.UnknownTopicOrPartition:
                _needsTopic = true;
                return Reaction.None;
            case ErrorReasons.DuplicateSequenceNumber:
                _batches.Remove(batch);
                outcomes.Add(new BatchOutcome(batch, Result: null, Failures.DuplicateOutsideWindow(refusal)));
                return Reaction.None;
            default:
                return RefuseByKind(batch, refusal, nowMs, outcomes);
        }
    }

    private bool IsInTransaction => _identity is { Transaction: not null };

    /// <summary>What may succeed later is tried again; anything else, and the transaction is over.</summary>
    private Reaction RefuseInTransaction(PendingBatch batch, BrokerException refusal, long nowMs, List<BatchOutcome> outcomes)
    {
        if (refusal.IsRetriable)
        {
            RetryLater(nowMs);
            return Reaction.None;
        }

        _batches.Remove(batch);
        outcomes.Add(new BatchOutcome(batch, Result: null, refusal));
        return refusal is FatalException ? Reaction.FailProducer : Reaction.None;
    }

    private Reaction RefuseByKind(PendingBatch batch, BrokerException refusal, long nowMs, List<BatchOutcome> outcomes)
    {
        batch.InDoubt |= !refusal.IsDefinite;
        if (refusal.IsRetriable)
        {
            bool isFirst = _retryAttempt == 0;
            RetryLater(nowMs);
            return isFirst ? Reaction.TellRefused : Reaction.None;
        }

        bool isDefinite = !batch.InDoubt && !batch.CopyMayArrive;
        _batches.Remove(batch);
        GiveUpNumbers(batch, isDefinite);
        outcomes.Add(new BatchOutcome(batch, Result: null, ErrorMapper.WithDefinite(refusal, isDefinite)));
        return refusal is FatalException ? Reaction.FailProducer : Reaction.None;
    }

    /// <summary>A batch left with its numbers: they can be used again only when it is certain that it was not written.</summary>
    private void GiveUpNumbers(PendingBatch batch, bool isDefinite)
    {
        if (isDefinite)
        {
            _gapAt = Math.Min(_gapAt ?? long.MaxValue, batch.BaseSequence);
        }
        else
        {
            _needsIdentity = true;
        }
    }

    private void RetryLater(long nowMs)
    {
        if (nowMs < _retryAtMs)
        {
            // Others of the same round were refused as well: one wait for all.
            return;
        }

        long retryAtMs = nowMs + (long)Math.Ceiling(backoff.Wait(_retryAttempt++).TotalMilliseconds);
        _retryAtMs = retryAtMs;
    }

    /// <summary>Nothing is in flight: decides how to go on.</summary>
    private Reaction Settle()
    {
        _isDraining = false;
        foreach (PendingBatch batch in _batches)
        {
            batch.State = BatchState.Waiting;
        }

        if (_gapAt is { } gap && !_needsIdentity)
        {
            CloseGap(gap);
        }

        return Reaction.Send
            | (_needsTopic ? Reaction.RefreshTopic : Reaction.None)
            | (_needsIdentity ? Reaction.ReplaceIdentity : Reaction.None);
    }

    private void CloseGap(long gap)
    {
        foreach (PendingBatch batch in _batches)
        {
            // Once the gap is closed, an old copy with its old number could fit behind the batch that closed it.
            if (batch.IsNumbered && batch.BaseSequence > gap && batch.CopyMayArrive)
            {
                _needsIdentity = true;
                return;
            }
        }

        foreach (PendingBatch batch in _batches)
        {
            batch.IsNumbered &= batch.BaseSequence < gap;
        }

        _nextSequence = gap;
        _gapAt = null;
    }

    /// <summary>Under the next epoch nothing that is still on the way can be written, and the broker has said what was.</summary>
    private void ContinueNumbers(long firstSequence)
    {
        Invariant.Check(_inFlightCount == 0);
        foreach (PendingBatch batch in _batches)
        {
            batch.IsNumbered &= batch.BaseSequence < firstSequence;
            batch.InDoubt &= batch.IsNumbered;
            batch.CopyMayArrive = false;
        }

        _nextSequence = firstSequence;
        _gapAt = null;
    }

    private void RestartNumbers(long firstSequence, List<BatchOutcome> outcomes)
    {
        Invariant.Check(_inFlightCount == 0);
        for (int i = 0; i < _batches.Count;)
        {
            PendingBatch batch = _batches[i];
            bool cannotBeWritten = _gapAt is { } gap && batch.BaseSequence > gap;
            if (batch.IsNumbered && batch.InDoubt && !cannotBeWritten)
            {
                _batches.RemoveAt(i);
                outcomes.Add(new BatchOutcome(batch, Result: null, Failures.InDoubt(LastRefusal)));
                continue;
            }

            batch.IsNumbered = false;
            batch.InDoubt = false;
            batch.CopyMayArrive = false;
            i++;
        }

        _nextSequence = firstSequence;
        _gapAt = null;
    }

    private void Stamp(PendingBatch batch, ProducerIdentity identity)
    {
        if (batch.StampedIdentity == identity && batch.StampedSequence == batch.BaseSequence && batch.StampedSeed == Seed)
        {
            return;
        }

        StoredBatch.SetProducer(
            batch.Buffer!.Span, Seed, identity.Id, identity.Epoch, batch.BaseSequence, isTransactional: identity.Transaction is not null);
        batch.StampedIdentity = identity;
        batch.StampedSequence = batch.BaseSequence;
        batch.StampedSeed = Seed;
    }
}
