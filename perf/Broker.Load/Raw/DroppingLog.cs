using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Server.Streams;
using Broker.Storage;

namespace Broker.Load.Raw;

/// <summary>Takes what comes, at once and without keeping it: what is left is the network and the checks of batches.</summary>
internal sealed class DroppingLog : IBatchLog
{
    private readonly Lock _gate = new();
    private readonly OffsetCounter _offsets = new();
    private long _lsn;

    public LsnProgress Progress { get; } = new(start: 0);

    public AppendDecision Append(
        PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, Engine.Durability durability, long? expectedLastOffset)
    {
        lock (_gate)
        {
            AppendDecision decision = _offsets.Accept(partition, stored.Span, ++_lsn, durability);
            Progress.AdvanceWritten(_lsn);
            Progress.AdvanceVisible(_lsn);
            return decision;
        }
    }

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch) => null;

    public AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> stored, in TransactionContext transaction) =>
        throw new NotSupportedException("Raw knows no transactions.");

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch, in TransactionContext transaction) => null;

    public ReadResult Read(PartitionHandle partition, long offset, int bytesMax) => new(BrokerError.None, default);
}
