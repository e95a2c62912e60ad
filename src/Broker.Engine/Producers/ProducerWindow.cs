namespace Broker.Engine.Producers;

/// <summary>
/// The newest batches of one producer in one partition. Decides whether a batch is next, a repetition, or out of order.
/// Guarded by the sequencer's lock.
/// </summary>
internal sealed class ProducerWindow
{
    private SequencedBatch[] _ring = new SequencedBatch[8];
    private int _first;
    private int _count;

    public ProducerWindow(long producerId, int epoch)
    {
        ProducerId = producerId;
        Epoch = epoch;
    }

    public long ProducerId { get; }

    public int Epoch { get; private set; }

    /// <summary>The sequence that the next batch must begin with.</summary>
    public long NextSequence => _count == 0 ? 0 : Newest.NextSequence;

    public SequencedBatch Newest => this[_count - 1];

    public int Count => _count;

    /// <summary>On the list of windows that the next checkpoint writes.</summary>
    public bool IsDirty { get; set; }

    public SequencedBatch this[int index] => _ring[(_first + index) & (_ring.Length - 1)];

    /// <summary>A new epoch begins again at sequence 0.</summary>
    public void BeginEpoch(int epoch)
    {
        Epoch = epoch;
        _count = 0;
    }

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
            var larger = new SequencedBatch[_ring.Length * 2];
            for (int i = 0; i < _count; i++)
            {
                larger[i] = this[i];
            }

            _ring = larger;
            _first = 0;
        }

        _ring[(_first + _count) & (_ring.Length - 1)] = batch;
        _count++;
    }
}
