using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>A batch that a producer wants in the log once.</summary>
/// <param name="Process">Of the instance that made it; its records' values are numbered by sequence.</param>
/// <param name="Sequence">Of its first record.</param>
internal sealed record ScheduledBatch(int Process, long Sequence, int RecordCount)
{
    private const long TimestampMs = 1_000_000;

    public long EndSequence => Sequence + RecordCount;

    /// <summary>The batch as it is sent under an epoch.</summary>
    public PartitionBatch Encode(Topic topic, int partition, long producerId, int epoch)
    {
        using var writer = new BatchWriter(Codec.None);
        for (long sequence = Sequence; sequence < EndSequence; sequence++)
        {
            long value = SentRecord.ValueOf(Process, (int)sequence);
            writer.Append(TimestampMs, BitConverter.GetBytes(value), Payload.Create(value), []);
        }

        PooledBuffer stored = writer.Finish(TopicId.Read(topic.TopicId.Span), partition, producerId, epoch, Sequence);
        try
        {
            return new PartitionBatch { TopicId = topic.TopicId, Partition = partition, StoredBatch = ByteString.CopyFrom(stored.Span) };
        }
        finally
        {
            stored.Release();
        }
    }
}
