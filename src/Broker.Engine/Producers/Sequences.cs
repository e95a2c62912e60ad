using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Engine.Producers;

/// <summary>
/// Which producers exist, and what each appended to which partition. Decides whether a batch may be appended. Guarded by
/// the sequencer's lock, which <see cref="Gate"/> is.
/// </summary>
internal sealed class Sequences(int windowBatches)
{
    private readonly Dictionary<long, int> _epochs = [];
    private readonly List<(PartitionHandle Partition, ProducerWindow Window)> _dirty = [];

    /// <summary>The sequencer's lock.</summary>
    public Lock Gate { get; } = new();

    public int ProducerCount => _epochs.Count;

    public void AddProducer(long id, int epoch) => _epochs[id] = epoch;

    /// <summary>Decides about a batch of a producer, without noting it.</summary>
    /// <param name="original">The batch that this one repeats; <paramref name="duplicate"/> says whether there is one.</param>
    public BrokerError Check(
        PartitionHandle partition, in StoredBatchView batch, out bool duplicate, out SequencedBatch original, out long expected)
    {
        duplicate = false;
        original = default;
        expected = 0;
        if (!_epochs.TryGetValue(batch.ProducerId, out int epoch))
        {
            return BrokerError.UnknownProducerId;
        }

        if (batch.ProducerEpoch != epoch)
        {
            expected = epoch;
            return BrokerError.InvalidProducerEpoch;
        }

        bool known = partition.Windows.TryGetValue(batch.ProducerId, out ProducerWindow? window) && window.Epoch == epoch;
        expected = known ? window!.NextSequence : 0;
        if (batch.BaseSequence == expected)
        {
            return BrokerError.None;
        }

        if (batch.BaseSequence > expected || batch.BaseSequence < 0)
        {
            return BrokerError.OutOfOrderSequenceNumber;
        }

        duplicate = window!.TryFind(batch.BaseSequence, batch.RecordCount, out original);
        return duplicate ? BrokerError.None : BrokerError.DuplicateSequenceNumber;
    }

    /// <summary>Notes a batch that was decided or replayed.</summary>
    public void Note(PartitionHandle partition, in StoredBatchView batch, long lsn, long visibleLsn)
    {
        if (batch.ProducerId < 0)
        {
            return;
        }

        if (!partition.Windows.TryGetValue(batch.ProducerId, out ProducerWindow? window))
        {
            window = new ProducerWindow(batch.ProducerId, batch.ProducerEpoch);
            partition.Windows.Add(batch.ProducerId, window);
        }
        else if (window.Epoch != batch.ProducerEpoch)
        {
            window.BeginEpoch(batch.ProducerEpoch);
        }

        window.Add(
            new SequencedBatch(batch.BaseSequence, batch.RecordCount, batch.BaseOffset, batch.AppendTimeMs, lsn), windowBatches, visibleLsn);
        if (!window.IsDirty)
        {
            window.IsDirty = true;
            _dirty.Add((partition, window));
        }
    }

    public void Restore(StoredState stored, EngineState state)
    {
        foreach ((byte[] key, byte[] value) in stored.Family(StateFamily.Producers))
        {
            _epochs[StateKeys.ReadNumber(key)] = StateValues.ReadProducer(value);
        }

        foreach ((byte[] key, byte[] value) in stored.Family(StateFamily.Sequences))
        {
            (TopicId id, int number) = StateKeys.ReadPartition(key);
            if (state.FindPartition(id, number) is { } partition)
            {
                long producerId = StateKeys.ReadNumber(key);
                partition.Windows[producerId] = StateValues.ReadWindow(producerId, value);
            }
        }
    }

    /// <summary>Adds the windows that changed, as they were at an LSN. Windows that are ahead of it stay on the list.</summary>
    public void TakeChanges(List<StateChange> changes, long lsn)
    {
        lock (Gate)
        {
            int kept = 0;
            for (int index = 0; index < _dirty.Count; index++)
            {
                (PartitionHandle partition, ProducerWindow window) = _dirty[index];
                if (partition.IsDeleted)
                {
                    continue;
                }

                byte[] key = StateKeys.InPartition(partition.TopicId, partition.Partition, window.ProducerId);
                changes.Add(StateChange.Put(StateFamily.Sequences, key, StateValues.Window(window, windowBatches, lsn)));
                window.IsDirty = window.Count > 0 && window.Newest.Lsn > lsn;
                if (window.IsDirty)
                {
                    _dirty[kept++] = (partition, window);
                }
            }

            _dirty.RemoveRange(kept, _dirty.Count - kept);
        }
    }
}
