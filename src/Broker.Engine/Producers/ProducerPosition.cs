using Broker.Records;

namespace Broker.Engine.Producers;

/// <summary>How far a producer has come in one partition.</summary>
/// <param name="NextSequence">How many records it has appended there; the sequence of the next one.</param>
/// <param name="LastOffset">Offset of the last of them.</param>
/// <param name="LastAppendTimeMs">When that was appended, milliseconds since 1970 UTC.</param>
internal readonly record struct ProducerPosition(
    string Topic, TopicId TopicId, int Partition, long NextSequence, long LastOffset, long LastAppendTimeMs);
