namespace Broker.Client;

/// <summary>How far a group has come in one partition.</summary>
/// <param name="Offset">Of the next record that it wants.</param>
/// <param name="Metadata">What was left with the offset; empty for nothing.</param>
public sealed record CommittedOffset(string Topic, Guid TopicId, int Partition, long Offset, string Metadata, DateTimeOffset CommitTime);
