using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>A transaction between its first batch and its end. Guarded by the sequencer's lock.</summary>
internal sealed class OpenTransaction(ProducerTransactions owner, TransactionKey key, long startedTimestamp, TimeSpan timeout)
{
    private readonly Dictionary<PartitionHandle, StagedPartition> _byPartition = [];
    private readonly List<StagedPartition> _partitions = [];

    /// <summary>The transactions of its producer.</summary>
    public ProducerTransactions Owner => owner;

    public NamedProducer Producer => owner.Producer;

    public TransactionKey Key => key;

#if BROKER_MUTANTS
    public DateTimeOffset StartedAt { get; init; }

#endif
    /// <summary>On the monotonic clock.</summary>
    public long StartedTimestamp => startedTimestamp;

    public TimeSpan Timeout => timeout;

    /// <summary>When its producer's connection was lost, on the monotonic clock; null while it is there.</summary>
    public long? LostTimestamp { get; set; }

    /// <summary>What it is to append, in the order of the first batch of each partition.</summary>
    public IReadOnlyList<StagedPartition> Partitions => _partitions;

    public int BatchCount { get; private set; }

    public long RecordCount { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Of those, the bytes that are in memory.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Where the rest is; null when there is none.</summary>
    public StagingFile? File { get; set; }

    /// <summary>Nothing more is staged: the producer has said that this is all.</summary>
    public bool IsCommitting { get; set; }

    public bool IsEnded { get; private set; }

    public StagedPartition Of(PartitionHandle partition)
    {
        if (!_byPartition.TryGetValue(partition, out StagedPartition? staged))
        {
            staged = new StagedPartition(partition);
            _byPartition.Add(partition, staged);
        }

        return staged;
    }

    public void Add(StagedPartition partition, StagedBatch batch)
    {
        if (partition.RecordCount == 0)
        {
            _partitions.Add(partition);
        }

        partition.Add(batch);
        BatchCount++;
        RecordCount += batch.RecordCount;
        Bytes += batch.Bytes;
        MemoryBytes += batch.Buffer is null ? 0 : batch.Bytes;
    }

    /// <summary>Gives back what it holds. Call once.</summary>
    public void End()
    {
        Invariant.Check(!IsEnded);
        IsEnded = true;
        foreach (StagedBatch batch in _partitions.SelectMany(partition => partition.Batches))
        {
            batch.Buffer?.Release();
        }
    }
}
