using Broker.Records;

namespace Broker.Protocol;

/// <summary>One stored batch of a <see cref="ProduceFrame"/> and where it goes.</summary>
/// <param name="StoredBatch">
/// On the broker a slice of <see cref="ProduceFrame.Buffer"/>, which may be written to; on the client what was added.
/// </param>
internal readonly record struct FrameBatch(TopicId TopicId, int Partition, Memory<byte> StoredBatch, long? ExpectedLastOffset = null);
