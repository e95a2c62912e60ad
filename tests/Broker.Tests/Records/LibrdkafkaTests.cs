using System.Text;
using Broker.Records;
using Confluent.Kafka;
using static Broker.Records.StoredBatchLayout;

namespace Broker.Tests.Records;

/// <summary>Batches go both ways between us and librdkafka, an independent implementation of the format, and hold the same records.</summary>
public sealed class LibrdkafkaTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(CompressionType.None, Codec.None)]
    [InlineData(CompressionType.Lz4, Codec.Lz4)]
    [InlineData(CompressionType.Zstd, Codec.Zstd)]
    public async Task A_batch_made_by_librdkafka_decodes_to_the_same_records(CompressionType compression, Codec codec)
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 2_000).Select(Record)];

        byte[][] batches = await CaptureAsync(compression, records);

        var read = new List<SampleRecord>();
        foreach (byte[] batch in batches)
        {
            byte[] stored = [.. new byte[StoredBatch.PrefixBytes], .. batch];
            stored[VersionAt] = StoredBatch.CurrentVersion;
            StoredBatch.Stamp(stored, SampleRecord.Seed, baseOffset: 0, appendTimeMs: 0, lsn: 0);

            using var scratch = new DecompressionBuffer();
            Assert.Equal(codec, new StoredBatchView(stored).Codec);
            Assert.Equal(BatchError.None, StoredBatch.Validate(stored, SampleRecord.Seed, SampleRecord.BatchBytesMax));
            Assert.Equal(BatchError.None, StoredBatch.ValidateRecords(stored, SampleRecord.RecordBytesMax, scratch));
            read.AddRange(SampleRecord.Read(stored));
        }

        Assert.Equal(records, read);
    }

    [Fact]
    public async Task Our_records_are_encoded_as_librdkafka_encodes_them()
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 50).Select(Record)];

        byte[] theirs = Assert.Single(await CaptureAsync(CompressionType.None, records));
        PooledBuffer ours = SampleRecord.Write(records, Codec.None);

        ReadOnlySpan<byte> batch = ours.Span[StoredBatch.PrefixBytes..];
        int producerAt = ProducerIdAt - StoredBatch.PrefixBytes;
        int recordCountAt = RecordCountAt - StoredBatch.PrefixBytes;
        Assert.Equal(theirs.Length, batch.Length);
        Assert.Equal(theirs[recordCountAt..], batch[recordCountAt..].ToArray());

        // Between the CRC and the producer: attributes, last offset delta, both timestamps.
        int attributesAt = AttributesAt - StoredBatch.PrefixBytes;
        Assert.Equal(theirs[attributesAt..producerAt], batch[attributesAt..producerAt].ToArray());
        ours.Release();
    }

    [Theory]
    [InlineData(Codec.None)]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public async Task Librdkafka_decodes_our_batch_to_the_same_records(Codec codec)
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 5_000).Select(Record)];
        PooledBuffer ours = SampleRecord.Write(records, codec);
        Assert.Equal(codec, new StoredBatchView(ours.Span).Codec);
        await using var broker = new FakeKafkaBroker { Served = ours.Span[StoredBatch.PrefixBytes..].ToArray() };
        ours.Release();
        var config = new ConsumerConfig
        {
            BootstrapServers = $"127.0.0.1:{broker.Port}",
            BrokerAddressFamily = BrokerAddressFamily.V4,
            GroupId = "unused",
            EnableAutoCommit = false,
            CheckCrcs = true,
        };
        using IConsumer<byte[]?, byte[]?> consumer = new ConsumerBuilder<byte[]?, byte[]?>(config)
            .SetLogHandler((_, _) => { })
            .Build();
        consumer.Assign(new TopicPartitionOffset(FakeKafkaBroker.Topic, 0, 0));

        for (int index = 0; index < records.Length; index++)
        {
            ConsumeResult<byte[]?, byte[]?>? result = consumer.Consume(Patience);
            Assert.Equal(records[index], From(result));
            Assert.Equal(index, result.Offset.Value);
        }

        consumer.Unassign();
    }

    private static SampleRecord Record(int index) => new(
        1_700_000_000_000 + (index * 37 % 1_000),
        (index % 4) switch { 0 => null, 1 => [], _ => Encoding.UTF8.GetBytes($"key {index}") },
        (index % 5) switch { 0 => null, 1 => [], _ => Encoding.UTF8.GetBytes($"the value of record {index}") },
        (index % 3) switch
        {
            0 => [],
            1 => [("trace", Encoding.UTF8.GetBytes($"{index}")), ("trace", null)],
            _ => [("grüße", [])],
        });

    private static async Task<byte[][]> CaptureAsync(CompressionType compression, SampleRecord[] records)
    {
        await using var broker = new FakeKafkaBroker();
        var config = new ProducerConfig
        {
            BootstrapServers = $"127.0.0.1:{broker.Port}",
            BrokerAddressFamily = BrokerAddressFamily.V4,
            CompressionType = compression,
            EnableIdempotence = false,

            // One batch, however slow the machine: the flush ends the waiting.
            LingerMs = Patience.TotalMilliseconds / 2,
            MessageTimeoutMs = (int)Patience.TotalMilliseconds,
            MaxInFlight = 1,
        };
        var failures = new List<string>();
        using (IProducer<byte[]?, byte[]?> producer = new ProducerBuilder<byte[]?, byte[]?>(config)
            .SetErrorHandler((_, error) => failures.Add(error.Reason))
            .SetLogHandler((_, _) => { })
            .Build())
        {
            foreach (SampleRecord record in records)
            {
                producer.Produce(FakeKafkaBroker.Topic, Message(record), report =>
                {
                    if (report.Error.IsError)
                    {
                        failures.Add(report.Error.Reason);
                    }
                });
            }

            int undelivered = producer.Flush(Patience);
            Assert.True(undelivered == 0 && failures.Count == 0, $"{undelivered} undelivered: {string.Join("; ", failures)}");
        }

        return [.. broker.Batches];
    }

    private static SampleRecord From(ConsumeResult<byte[]?, byte[]?> result) => new(
        result.Message.Timestamp.UnixTimestampMs,
        result.Message.Key,
        result.Message.Value,
        [.. result.Message.Headers.Select(header => (header.Key, (byte[]?)header.GetValueBytes()))]);

    private static Message<byte[]?, byte[]?> Message(SampleRecord record)
    {
        var headers = new Headers();
        foreach ((string key, byte[]? value) in record.Headers)
        {
            headers.Add(key, value);
        }

        return new Message<byte[]?, byte[]?>
        {
            Key = record.Key,
            Value = record.Value,
            Headers = headers,
            Timestamp = new Timestamp(record.TimestampMs, TimestampType.CreateTime),
        };
    }
}
