using Broker.Engine.Topics;

namespace Broker.Engine.Producers;

/// <summary>
/// The newest batches of one producer in one partition. Decides whether a batch is next, a repetition, or out of order.
/// Guarded by the sequencer's lock.
/// </summary>
/// <remarks>A value that lies in its producer: there may be a million of them, nearly all with one batch.</remarks>
internal struct ProducerWindow(PartitionHandle partition)
{
    // Null for a window with one batch.
    private BatchRing? _older;
    private SequencedBatch _newest;

    /// <summary>A checkpoint has to write it.</summary>
    public bool IsDirty;

    /// <summary>A batch was refused, and none accepted since: one behind it comes too early because of that.</summary>
    public bool HasRefused;

    /// <summary>Null for a window of nothing.</summary>
    public readonly PartitionHandle? Partition => partition;

    /// <summary>The sequence that the next batch must begin with.</summary>
    public readonly long NextSequence => _newest.NextSequence;

    /// <summary>All zeros before the first one.</summary>
    public readonly SequencedBatch Newest => _newest;

    public readonly int Count => _newest.Lsn == 0 ? 0 : OlderCount + 1;

    private readonly int OlderCount => _older?.Count ?? 0;

    public readonly SequencedBatch this[int index] => index < OlderCount ? _older![index] : _newest;

    /// <summary>Finds the batch that a repetition repeats.</summary>
    public readonly bool TryFind(long firstSequence, int recordCount, out SequencedBatch original)
    {
        for (int i = Count - 1; i >= 0; i--)
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
        while (Count > batches && this[batches].Lsn <= visibleLsn)
        {
            _older!.RemoveOldest();
        }

        if (Count > 0)
        {
            (_older ??= new BatchRing()).Add(_newest);
        }

        _newest = batch;
    }

    /// <summary>
    /// Forgets what came before the newest batch that is visible: its producer is idle, and repeats nothing any more. What a
    /// checkpoint may still leave out is not enough to go on from.
    /// </summary>
    /// <returns>Whether there was anything to forget.</returns>
    public bool Shrink(long visibleLsn)
    {
        int newest = Count - 1;
        while (newest > 0 && this[newest].Lsn > visibleLsn)
        {
            newest--;
        }

        if (newest <= 0)
        {
            return false;
        }

        for (int i = 0; i < newest; i++)
        {
            _older!.RemoveOldest();
        }

        if (OlderCount == 0)
        {
            _older = null;
        }
        else
        {
            _older!.Trim();
        }

        return true;
    }
}
