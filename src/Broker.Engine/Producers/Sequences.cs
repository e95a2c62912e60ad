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
    private readonly List<ProducerWindow> _dirty = [];

    // Windows that shrank: nothing that a checkpoint needs to know at once.
    private readonly List<ProducerWindow> _shrunk = [];
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
        ProducerWindow? window = producer.FindWindow(partition);
        long expected = window?.NextSequence ?? 0;
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
            bool follows = window is { HasRefused: true } && batch.BaseSequence > expected;
            return Refused(follows ? BrokerError.PrecedingBatchRefused : BrokerError.OutOfOrderSequenceNumber, expected);
        }

        return window!.TryFind(batch.BaseSequence, batch.RecordCount, out SequencedBatch original)
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

        ProducerWindow window = producer.WindowOf(partition);
        window.HasRefused = false;
        window.Add(
            new SequencedBatch(batch.BaseSequence, batch.RecordCount, batch.BaseOffset, batch.AppendTimeMs, lsn), windowBatches, visibleLsn);
        MarkDirty(window, _dirty);
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
        foreach (ProducerWindow window in producer.Windows)
        {
            if (window.Shrink(visibleLsn))
            {
                MarkDirty(window, _shrunk);
            }
        }
    }

    public void Restore(StoredState stored, EngineState state)
    {
        _capturedLsn = stored.Checkpoint.Position.Lsn;
        foreach ((byte[] key, byte[] value) in stored.Family(StateFamily.Producers))
        {
            (int epoch, string? name, string clientId) = StateValues.ReadProducer(value);
            Producers.Add(StateKeys.ReadNumber(key), epoch, name, clientId);
        }

        foreach ((byte[] key, byte[] value) in stored.Family(StateFamily.Transactions))
        {
            if (Producers.Find(StateKeys.ReadNumber(key)) is { } producer)
            {
                var reader = new ByteReader(value);
                producer.TransactionsOrNew().Committed = CommitEffects.ReadOutcome(ref reader);
            }
        }

        foreach ((byte[] key, byte[] value) in stored.Family(StateFamily.Sequences))
        {
            (TopicId id, int number) = StateKeys.ReadPartition(key);
            if (state.FindPartition(id, number) is { } partition && Producers.Find(StateKeys.ReadNumber(key)) is { } producer)
            {
                producer.Add(StateValues.ReadWindow(producer, partition, value));
            }
        }
    }

    /// <summary>Adds the windows that changed, as they were at an LSN. Windows that are ahead of it stay on the list.</summary>
    public void TakeChanges(List<StateChange> changes, long lsn)
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

    private static void MarkDirty(ProducerWindow window, List<ProducerWindow> list)
    {
        if (!window.IsDirty)
        {
            window.IsDirty = true;
            list.Add(window);
        }
    }

    private void TakeChanges(List<ProducerWindow> list, List<StateChange> changes, long lsn)
    {
        int kept = 0;
        for (int index = 0; index < list.Count; index++)
        {
            ProducerWindow window = list[index];
            PartitionHandle partition = window.Partition;
            if (partition.IsDeleted || window.Producer.ForgottenLsn <= lsn)
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
            byte[] key = StateKeys.InPartition(partition.TopicId, partition.Partition, window.Producer.Id);
            changes.Add(StateChange.Put(StateFamily.Sequences, key, StateValues.Window(window, windowBatches, lsn)));
            window.IsDirty = window.Count > 0 && window.Newest.Lsn > lsn;
            if (window.IsDirty)
            {
                list[kept++] = window;
            }
        }

        list.RemoveRange(kept, list.Count - kept);
    }
}
