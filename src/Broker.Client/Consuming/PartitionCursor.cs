using Broker.Client.Transport;
using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;

namespace Broker.Client.Consuming;

/// <summary>Where a reader is in one partition. Outlives the streams that it is read through.</summary>
internal sealed class PartitionCursor(TopicMetadata topic, int partition, StartAt from)
{
    public string Topic => topic.Name;

    public TopicId TopicId => topic.Id;

    public int Partition => partition;

    public uint Seed { get; } = topic.PartitionSeeds[partition];

    /// <summary>The offset to read next; null until the broker has told where the start is.</summary>
    public long? NextOffset { get; set; }

    public long HighWatermark { get; set; }

    /// <summary>Where to stop; null to go on for ever, or until the first response has told the end.</summary>
    public long? StopOffset { get; set; }

    public bool IsDone => NextOffset >= StopOffset;

    public FetchStart ToStart(uint startId)
    {
        var id = new byte[TopicId.SizeBytes];
        TopicId.WriteTo(id);
        return new FetchStart
        {
            StartId = startId,
            TopicId = UnsafeByteOperations.UnsafeWrap(id),
            Partition = partition,
            From = NextOffset is { } next ? new OffsetSpec { Offset = next } : from.ToWire(),
        };
    }
}
