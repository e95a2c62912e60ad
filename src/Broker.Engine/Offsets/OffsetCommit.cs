using Broker.Records;

namespace Broker.Engine.Offsets;

/// <summary>How far a group has come in one partition, as it asks to remember.</summary>
/// <param name="Offset">Of the next record that it wants.</param>
/// <param name="Metadata">Anything that the group wants to find there again.</param>
internal readonly record struct OffsetCommit(string Group, TopicId TopicId, int Partition, long Offset, string Metadata);
