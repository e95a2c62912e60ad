using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage;

namespace Broker.Server.Streams;

/// <summary>The log of a broker: the engine's.</summary>
internal sealed class EngineLog(BrokerEngine engine) : IBatchLog
{
    public LsnProgress Progress => engine.Progress;

    public AppendDecision Append(
        PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, Engine.Durability durability, long? expectedLastOffset) =>
        engine.Append(partition, stored, owner, durability, expectedLastOffset);

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch) => engine.Refuse(partition, batch);

    public AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> stored, in TransactionContext transaction) =>
        engine.Stage(partition, stored, transaction);

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch, in TransactionContext transaction) =>
        engine.Refuse(partition, batch, transaction);

    public ReadResult Read(PartitionHandle partition, long offset, int bytesMax) => partition.Read(offset, bytesMax);
}
