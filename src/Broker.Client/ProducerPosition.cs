namespace Broker.Client;

/// <summary>How far a producer has come in one partition.</summary>
/// <param name="TopicId">A topic that was deleted and created again has another one.</param>
/// <param name="RecordCount">How many records it has written there.</param>
/// <param name="LastOffset">Offset of the last of them.</param>
/// <param name="LastAppendTime">When the broker appended that.</param>
public sealed record ProducerPosition(
    string Topic, Guid TopicId, int Partition, long RecordCount, long LastOffset, DateTimeOffset LastAppendTime);
