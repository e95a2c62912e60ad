using Broker.Records;

namespace Broker.Engine.Offsets;

/// <summary>One committed offset in an answer.</summary>
internal readonly record struct GroupOffset(string Topic, TopicId TopicId, int Partition, long Offset, string Metadata, long CommitTimeMs);
