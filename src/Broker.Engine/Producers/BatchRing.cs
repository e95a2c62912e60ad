using System.Numerics;

namespace Broker.Engine.Producers;

/// <summary>Batches in the order in which they came, the oldest of which can be forgotten.</summary>
internal sealed class BatchRing
{
    // A power of two.
    private SequencedBatch[] _batches = new SequencedBatch[4];
    private int _first;

    public int Count { get; private set; }

    public SequencedBatch this[int index] => _batches[(_first + index) & (_batches.Length - 1)];

    public void Add(SequencedBatch batch)
    {
        if (Count == _batches.Length)
        {
            Resize(Count * 2);
        }

        _batches[(_first + Count) & (_batches.Length - 1)] = batch;
        Count++;
    }

    public void RemoveOldest()
    {
        _first = (_first + 1) & (_batches.Length - 1);
        Count--;
    }

    /// <summary>Gives back the room that is not needed.</summary>
    public void Trim() => Resize((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, Count)));

    private void Resize(int length)
    {
        var batches = new SequencedBatch[length];
        for (int i = 0; i < Count; i++)
        {
            batches[i] = this[i];
        }

        _batches = batches;
        _first = 0;
    }
}
