using System.Numerics;
using Broker.Engine.Topics;

namespace Broker.Engine.Producers;

/// <summary>
/// The newest batches of one producer in one partition. Decides whether a batch is next, a repetition, or out of order.
/// Guarded by the sequencer's lock.
/// </summary>
internal sealed class ProducerWindow(ProducerState producer, PartitionHandle partition)
{
    // A power of two. There may be a million windows, most of them of producers that wrote once.
    private SequencedBatch[] _ring = new SequencedBatch[1];
    private int _first;
    private int _count;

    public ProducerState Producer => producer;

    public PartitionHandle Partition => partition;

    /// <summary>The sequence that the next batch must begin with.</summary>
    public long NextSequence => _count == 0 ? 0 : Newest.NextSequence;

    public SequencedBatch Newest => this[_count - 1];

    public int Count => _count;

    /// <summary>On the list of windows that the next checkpoint writes.</summary>
    public bool IsDirty { get; set; }

    /// <summary>A batch was refused, and none accepted since: one behind it comes too early because of that.</summary>
    public bool HasRefused { get; set; }

    public SequencedBatch this[int index] => _ring[(_first + index) & (_ring.Length - 1)];

    /// <summary>Finds the batch that a repetition repeats.</summary>
    public bool TryFind(long firstSequence, int recordCount, out SequencedBatch original)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            original = this[i];
            if (original.FirstSequence == firstSequence && original.RecordCount == recordCount)
            {
                return true;
            }
        }

        original = default;
        return false;
    }

    /// <summary>
    /// Adds a batch and forgets the oldest, but keeps <paramref name="batches"/> that are visible: a checkpoint leaves out
    /// what is not yet durable and must still find a whole window.
    /// </summary>
    public void Add(SequencedBatch batch, int batches, long visibleLsn)
    {
        while (_count > batches && this[batches].Lsn <= visibleLsn)
        {
            _first = (_first + 1) & (_ring.Length - 1);
            _count--;
        }

        if (_count == _ring.Length)
        {
            Resize(_ring.Length * 2);
        }

        _ring[(_first + _count) & (_ring.Length - 1)] = batch;
        _count++;
    }

    /// <summary>
    /// Forgets what came before the newest batch that is visible: its producer is idle, and repeats nothing any more. What a
    /// checkpoint may still leave out is not enough to go on from.
    /// </summary>
    /// <returns>Whether there was anything to forget.</returns>
    public bool Shrink(long visibleLsn)
    {
        int newest = _count - 1;
        while (newest > 0 && this[newest].Lsn > visibleLsn)
        {
            newest--;
        }

        if (newest <= 0)
        {
            return false;
        }

        _first = (_first + newest) & (_ring.Length - 1);
        _count -= newest;
        Resize((int)BitOperations.RoundUpToPowerOf2((uint)_count));
        return true;
    }

    private void Resize(int length)
    {
        var ring = new SequencedBatch[length];
        for (int i = 0; i < _count; i++)
        {
            ring[i] = this[i];
        }

        _ring = ring;
        _first = 0;
    }
}
