using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage;

namespace Broker.Server.Streams;

/// <summary>The log of a broker: the engine's.</summary>
internal sealed class EngineLog(BrokerEngine engine) : IBatchLog
{
    public LsnProgress Progress => engine.Progress;

    public AppendDecision Append(PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, Engine.Durability durability) =>
        engine.Append(partition, stored, owner, durability);

    public ReadResult Read(PartitionHandle partition, long offset, int bytesMax) => partition.Read(offset, bytesMax);
}
