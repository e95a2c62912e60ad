namespace Broker.Client;

/// <summary>One topic. Settings and partitions are empty unless DescribeTopicAsync was asked.</summary>
/// <param name="Id">A topic created again under its old name has another one.</param>
/// <param name="Config">What the topic itself sets.</param>
public sealed record TopicDescription(
    string Name,
    Guid Id,
    int PartitionCount,
    DateTimeOffset CreatedAt,
    IReadOnlyDictionary<string, string> Config,
    IReadOnlyList<TopicSettingDescription> Settings,
    IReadOnlyList<PartitionDescription> Partitions);
