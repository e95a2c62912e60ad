using Broker.Engine.Transactions;

namespace Broker.Simulation.Model;

/// <summary>A transaction that a client has begun and not ended.</summary>
internal sealed class TransactionModel(TransactionKey key, TimeSpan timeout)
{
    private DateTimeOffset? _startedAt;

    public TransactionKey Key => key;

    public TimeSpan Timeout => timeout;

    /// <summary>In the order in which the broker took them.</summary>
    public List<StagedModel> Batches { get; } = [];

    /// <summary>The end of what it has sent to a partition.</summary>
    public long NextSequence(PartitionModel partition) => Batches.Where(b => b.Partition == partition).Sum(b => (long)b.Timestamps.Length);

    /// <summary>In the order of each partition's first batch.</summary>
    public IEnumerable<IGrouping<PartitionModel, StagedModel>> ByPartition => Batches.GroupBy(b => b.Partition);

    /// <summary>The broker got to know of it, by a batch that it took or refused.</summary>
    public void NoteKnown(DateTimeOffset now) => _startedAt ??= now;

    public bool IsExpired(DateTimeOffset now) => now - _startedAt >= timeout;
}

/// <param name="Body">Its bytes from the batch's own checksum on, as they were sent.</param>
internal sealed record StagedModel(PartitionModel Partition, long Sequence, byte[] Bytes, byte[] Body, long[] Timestamps);
