namespace Broker.Client;

/// <summary>A place in one partition of a topic.</summary>
/// <param name="Offset">Of a group: the next record that it wants, one more than the last that it is through with.</param>
public readonly record struct TopicPartitionOffset(string Topic, int Partition, long Offset);
