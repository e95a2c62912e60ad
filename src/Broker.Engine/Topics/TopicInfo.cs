using Broker.Records;

namespace Broker.Engine.Topics;

/// <summary>A topic as it is at one moment. Immutable; a change makes a new one.</summary>
internal sealed record TopicInfo(
    string Name,
    TopicId Id,
    long CreatedMs,
    IReadOnlyDictionary<string, string> Config,
    TopicSettings Settings,
    IReadOnlyList<PartitionHandle> Partitions);
