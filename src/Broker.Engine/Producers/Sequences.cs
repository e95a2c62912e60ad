using System.Runtime.CompilerServices;
using Broker.Engine.Entries;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;

namespace Broker.Engine.Producers;

/// <summary>
/// What each producer appended to which partition, and whether a batch may be appended. Guarded by the sequencer's lock,
/// which <see cref="Gate"/> is.
/// </summary>
internal sealed class Sequences(int windowBatches)
{
    private readonly DirtyProducers _dirty = new();

    // Those with windows that shrank: nothing that a checkpoint needs to know at once.
    private readonly DirtyProducers _shrunk = new();
    private readonly ByteWriter _writer = new();
    private long _capturedLsn;

    /// <summary>The sequencer's lock.</summary>
    public Lock Gate { get; } = new();

    public ProducerTable Producers { get; } = new();

    /// <summary>Decides about a batch of a producer, without noting it.</summary>
    public SequenceCheck Check(PartitionHandle partition, in StoredBatchView batch)
    {
        if (Producers.Find(batch.ProducerId) is not { } producer)
        {
            return Refused(BrokerError.UnknownProducerId);
        }

        if (batch.ProducerEpoch != producer.Epoch)
        {
            return Refused(BrokerError.InvalidProducerEpoch, producer.Epoch);
        }

        Producers.Touch(producer);
        ref readonly ProducerWindow window = ref producer.FindWindow(partition);
        long expected = window.NextSequence;
        if (batch.BaseSequence == expected)
        {
            return default;
        }

#if BROKER_MUTANTS
        if (Mutant.Is("sequence-off-by-one") && batch.BaseSequence == expected + 1)
        {
            return default;
        }
#endif

        if (batch.BaseSequence > expected || batch.BaseSequence < 0)
        {
            bool follows = window.HasRefused && batch.BaseSequence > expected;
            return Refused(follows ? BrokerError.PrecedingBatchRefused : BrokerError.OutOfOrderSequenceNumber, expected);
        }

        return window.TryFind(batch.BaseSequence, batch.RecordCount, out SequencedBatch original)
            ? new SequenceCheck(BrokerError.None, IsDuplicate: true, original, expected)
            : Refused(BrokerError.DuplicateSequenceNumber, expected);
    }

    /// <summary>Notes a batch that was decided or replayed.</summary>
    public void Note(PartitionHandle partition, in StoredBatchView batch, long lsn, long visibleLsn)
    {
        // Sequences within a transaction are its own. A producer that is not known was forgotten or deleted further on in a journal
        // that is being replayed.
        if (batch.ProducerId < 0 || batch.IsTransactional || Producers.Find(batch.ProducerId) is not { } producer)
        {
            return;
        }

        ref ProducerWindow window = ref producer.WindowOf(partition);
        window.HasRefused = false;
        window.Add(
            new SequencedBatch(batch.BaseSequence, batch.RecordCount, batch.BaseOffset, batch.AppendTimeMs, lsn), windowBatches, visibleLsn);
        window.IsDirty = true;
        _dirty.Add(producer);
    }

    /// <summary>Notes that a batch was refused which was the next of its producer: those behind it can only be refused too.</summary>
    public void NoteRefusal(PartitionHandle partition, in StoredBatchView batch)
    {
        if (Producers.Find(batch.ProducerId) is { } producer && producer.Epoch == batch.ProducerEpoch)
        {
            producer.WindowOf(partition).HasRefused = true;
        }
    }

    /// <summary>Keeps no more of an idle producer than it takes to go on.</summary>
    public void Shrink(ProducerState producer, long visibleLsn)
    {
        producer.DropDeleted();
        for (int i = 0; i < producer.WindowCount; i++)
        {
            ref ProducerWindow window = ref producer.Window(i);
            if (window.Shrink(visibleLsn))
            {
                window.IsDirty = true;
                _shrunk.Add(producer);
            }
        }
    }

    public void Restore(StoredState stored, EngineState state)
    {
        _capturedLsn = stored.Checkpoint.Position.Lsn;
        RestoreProducers(stored.Family(StateFamily.Producers));
        foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in stored.Family(StateFamily.Transactions))
        {
            if (Producers.Find(StateKeys.ReadNumber(key)) is NamedProducer producer)
            {
                var reader = new ByteReader(value);
                producer.TransactionsOrNew().Committed = CommitEffects.ReadOutcome(ref reader);
            }
        }

        RestoreWindows(stored, state);
    }

    /// <summary>Adds the windows that changed, as they were at an LSN. Windows that are ahead of it stay on the list.</summary>
    public void TakeChanges(StateChanges changes, long lsn)
    {
        lock (Gate)
        {
            TakeChanges(_dirty, changes, lsn);
            if (lsn > _capturedLsn)
            {
                // Two states of one LSN are taken for the same.
                TakeChanges(_shrunk, changes, lsn);
                _capturedLsn = lsn;
            }
        }
    }

    private static SequenceCheck Refused(BrokerError error, long expected = 0) => new(error, IsDuplicate: false, default, expected);

    // There may be a million, when nothing of it was called before: compiled well from the first call on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RestoreProducers(StoredFamily producers)
    {
        for (int i = 0; i < producers.Count; i++)
        {
            (ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) = producers[i];
            (int epoch, string? name, string clientId) = StateValues.ReadProducer(value);
            Producers.Add(StateKeys.ReadNumber(key), epoch, name, clientId);
        }
    }

    /// <summary>As they were written, a later state of a window over an earlier one: what was deleted is of producers and topics that are gone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RestoreWindows(StoredState stored, EngineState state)
    {
        foreach (int place in stored.PlacesOf(StateFamily.Sequences))
        {
            StateChange change = stored.At(place);
            (ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) = change;
            if (change.Kind != StateChangeKind.Put || Producers.Find(StateKeys.ReadNumber(key)) is not { } producer)
            {
                continue;
            }

            (TopicId id, int number) = StateKeys.ReadPartition(key);
            if (state.FindPartition(id, number) is { } partition)
            {
                ref ProducerWindow window = ref producer.WindowOf(partition);
                window = new ProducerWindow(partition);
                StateValues.ReadWindow(ref window, value);
            }
        }
    }

    private void TakeChanges(DirtyProducers list, StateChanges changes, long lsn)
    {
        foreach (ProducerState producer in list.TakeAll())
        {
            if (producer.ForgottenLsn > lsn && TakeChanges(producer, changes, lsn))
            {
                list.Add(producer);
            }
        }
    }

    /// <returns>Whether one of its windows is ahead of the LSN.</returns>
    private bool TakeChanges(ProducerState producer, StateChanges changes, long lsn)
    {
        bool isAhead = false;
        for (int i = 0; i < producer.WindowCount; i++)
        {
            ref ProducerWindow window = ref producer.Window(i);
            PartitionHandle partition = window.Partition!;
            if (!window.IsDirty || partition.IsDeleted)
            {
                continue;
            }

#if BROKER_MUTANTS
            if (Mutant.Is("stale-producer-snapshot") && window.Newest.FirstSequence > 0)
            {
                window.IsDirty = false;
                continue;
            }
#endif
            byte[] key = StateKeys.InPartition(partition.TopicId, partition.Partition, producer.Id);
            changes.Put(
                StateFamily.Sequences, key, StateValues.Window(_writer.Clear(), producer.Epoch, window, windowBatches, lsn).Written);
            window.IsDirty = window.Newest.Lsn > lsn;
            isAhead |= window.IsDirty;
        }

        return isAhead;
    }
}
