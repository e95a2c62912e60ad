using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>What a transaction is to append to one partition. Guarded by the sequencer's lock.</summary>
internal sealed class StagedPartition(PartitionHandle partition)
{
    private readonly List<StagedBatch> _batches = [];

    public PartitionHandle Partition => partition;

    public IReadOnlyList<StagedBatch> Batches => _batches;

    /// <summary>Records staged so far: sequences begin at 0 in each transaction.</summary>
    public long RecordCount { get; private set; }

    /// <summary>A batch was refused, and none taken since: one behind it comes too early because of that.</summary>
    public bool HasRefused { get; set; }

    public void Add(StagedBatch batch)
    {
        Invariant.Check(batch.FirstSequence == RecordCount);
        _batches.Add(batch);
        RecordCount += batch.RecordCount;
        HasRefused = false;
    }

    /// <summary>Gives a batch that was read from the staging file its bytes.</summary>
    public void PutBuffer(int at, PooledBuffer buffer) => _batches[at] = _batches[at] with { Buffer = buffer };

    /// <summary>Whether a batch was staged before: it is sent again because its answer was lost.</summary>
    public bool Holds(long firstSequence, int recordCount)
    {
        for (int i = _batches.Count - 1; i >= 0 && _batches[i].FirstSequence >= firstSequence; i--)
        {
            if (_batches[i].FirstSequence == firstSequence && _batches[i].RecordCount == recordCount)
            {
                return true;
            }
        }

        return false;
    }
}
