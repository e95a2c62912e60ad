using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;

namespace Broker.Tests.Server;

/// <summary>Stored batches as a client sends them.</summary>
internal static class TestBatches
{
    public static ByteString Encode(Topic topic, int partition, params string[] values) =>
        Encode(topic, partition, timestampMs: 1_000, Codec.None, producer: null, values);

    public static ByteString Encode(Topic topic, int partition, InitProducerResponse producer, long baseSequence, params string[] values) =>
        Encode(topic, partition, timestampMs: 1_000, Codec.None, (producer, baseSequence), values);

    public static ByteString EncodeTransactional(Topic topic, int partition, InitProducerResponse producer, long baseSequence, params string[] values) =>
        Encode(topic, partition, timestampMs: 1_000, Codec.None, (producer, baseSequence), isTransactional: true, values);

    public static ByteString Encode(
        Topic topic, int partition, long timestampMs, Codec codec, (InitProducerResponse Id, long BaseSequence)? producer, params string[] values) =>
        Encode(topic, partition, timestampMs, codec, producer, isTransactional: false, values);

    private static ByteString Encode(
        Topic topic, int partition, long timestampMs, Codec codec, (InitProducerResponse Id, long BaseSequence)? producer, bool isTransactional,
        string[] values)
    {
        using var writer = new BatchWriter(codec);
        foreach (string value in values)
        {
            writer.Append(timestampMs, OptionalBytes.Null, System.Text.Encoding.UTF8.GetBytes(value), []);
        }

        PooledBuffer stored = writer.Finish(
            TopicId.Read(topic.TopicId.Span), partition, producer?.Id.ProducerId ?? -1, (int?)producer?.Id.ProducerEpoch ?? -1,
            producer?.BaseSequence ?? -1, isTransactional);
        try
        {
            return ByteString.CopyFrom(stored.Span);
        }
        finally
        {
            stored.Release();
        }
    }

    public static ProduceRequest Request(ulong correlationId, Topic topic, params ByteString[] batches)
    {
        var request = new ProduceRequest { CorrelationId = correlationId };
        foreach (ByteString batch in batches)
        {
            request.Batches.Add(new PartitionBatch { TopicId = topic.TopicId, Partition = 0, StoredBatch = batch });
        }

        return request;
    }

    /// <summary>The values of all records in whole stored batches, and the codecs that the batches carry.</summary>
    public static (List<string> Values, List<Codec> Codecs) Decode(ReadOnlySpan<byte> batches)
    {
        (List<string> values, List<Codec> codecs) = ([], []);
        using var scratch = new DecompressionBuffer();
        while (!batches.IsEmpty)
        {
            ReadOnlySpan<byte> stored = batches[..StoredBatch.SizeFromHeader(batches)];
            batches = batches[stored.Length..];
            codecs.Add(new StoredBatchView(stored).Codec);
            Assert.Equal(BatchError.None, BatchReader.TryOpen(stored, scratch, out BatchReader reader));
            while (reader.TryRead(out RecordView record))
            {
                values.Add(System.Text.Encoding.UTF8.GetString(record.Value.Span));
            }
        }

        return (values, codecs);
    }
}
