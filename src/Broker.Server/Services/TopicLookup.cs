using Broker.Engine;
using Broker.Engine.Text;
using Broker.Engine.Topics;
using Broker.Records;
using Google.Protobuf;

namespace Broker.Server.Services;

/// <summary>Finds topics and partitions by the names in a call.</summary>
internal sealed class TopicLookup(BrokerEngine engine)
{
    /// <exception cref="BrokerException">UnknownTopicOrPartition, saying which name is near and which command creates it; or InvalidTopicName.</exception>
    public TopicInfo Topic(string name)
    {
        TopicName.Check(name);
        return engine.FindTopic(name) ?? throw Unknown(name);
    }

    /// <summary>A topic's id as messages have it.</summary>
    public static ByteString ToBytes(TopicId id)
    {
        Span<byte> bytes = stackalloc byte[TopicId.SizeBytes];
        id.WriteTo(bytes);
        return ByteString.CopyFrom(bytes);
    }

    /// <exception cref="BrokerException">It is not what a topic has for an id.</exception>
    public static TopicId ToTopicId(ByteString bytes) => bytes.Length == TopicId.SizeBytes
        ? TopicId.Read(bytes.Span)
        : throw new BrokerException(
            BrokerError.InvalidRequest, $"A topic_id has {TopicId.SizeBytes} bytes; this one has {bytes.Length}.",
            new Dictionary<string, string> { ["length"] = bytes.Length.ToString() });

    /// <exception cref="BrokerException">UnknownTopicOrPartition, saying which there are.</exception>
    public static PartitionHandle Partition(TopicInfo topic, int partition) =>
        (uint)partition < (uint)topic.Partitions.Count
            ? topic.Partitions[partition]
            : throw new BrokerException(
                BrokerError.UnknownTopicOrPartition,
                $"Topic {topic.Name} has no partition {partition}: it has {topic.Partitions.Count}, from 0 on.",
                new Dictionary<string, string> { ["topic"] = topic.Name, ["partition"] = partition.ToString() });

    private BrokerException Unknown(string name)
    {
        string hint = NearestName.Find(name, engine.Topics.Select(topic => topic.Name)) is { } nearest
            ? $" Did you mean \"{nearest}\"?"
            : "";
        return new BrokerException(
            BrokerError.UnknownTopicOrPartition,
            $"There is no topic \"{name}\".{hint} Topics are not created by accident: broker topic create {name}",
            new Dictionary<string, string> { ["topic"] = name });
    }

    /// <summary>The partitions that are named, or all when none is.</summary>
    public static IEnumerable<PartitionHandle> Partitions(TopicInfo topic, IReadOnlyCollection<int> named) =>
        named.Count == 0 ? topic.Partitions : named.Select(partition => Partition(topic, partition)).ToList();
}
