using System.Collections.Concurrent;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Server.Streams;
using Broker.Storage;

namespace Broker.Load.Raw;

/// <summary>
/// Appends are the engine's; what was read once is served from memory from then on, in answers of the same sizes.
/// </summary>
internal sealed class RememberingLog(BrokerEngine engine) : IBatchLog
{
    private readonly ConcurrentDictionary<PartitionHandle, Remembered> _partitions = new();

    public LsnProgress Progress => engine.Progress;

    public AppendDecision Append(
        PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, Engine.Durability durability, long? expectedLastOffset) =>
        engine.Append(partition, stored, owner, durability);

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch) => null;

    public AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> stored, in TransactionContext transaction) =>
        throw new NotSupportedException("Raw knows no transactions.");

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch, in TransactionContext transaction) => null;

    public ReadResult Read(PartitionHandle partition, long offset, int bytesMax)
    {
        Remembered remembered = _partitions.GetOrAdd(partition, static partition => new Remembered(partition));
        return remembered.TryRead(offset, bytesMax, out ReadResult result) ? result : remembered.ReadOn(offset, bytesMax);
    }
}
