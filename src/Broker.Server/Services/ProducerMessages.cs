using Broker.Engine.Producers;
using Broker.Protocol.V1;
using ProducerPosition = Broker.Protocol.V1.ProducerPosition;

namespace Broker.Server.Services;

/// <summary>What the engine says about producers, as messages.</summary>
internal static class ProducerMessages
{
    public static ProducerInfo Convert(ProducerSummary producer) => new()
    {
        ProducerId = producer.Id,
        Name = producer.Name ?? "",
        ProducerEpoch = (uint)producer.Epoch,
        ClientId = producer.ClientId,
        IdleMs = producer.IdleMs,
        PartitionCount = producer.PartitionCount,
    };

    public static ProducerPosition Convert(Engine.Producers.ProducerPosition position) => new()
    {
        Topic = position.Topic,
        TopicId = TopicLookup.ToBytes(position.TopicId),
        Partition = position.Partition,
        NextSequence = position.NextSequence,
        LastOffset = position.LastOffset,
        LastAppendTimeMs = position.LastAppendTimeMs,
    };
}
