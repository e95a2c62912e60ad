using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.EndToEnd;

/// <summary>Segments are read through read-only maps that last, seen from outside the process.</summary>
public sealed class MappingTests
{
    private const int Partitions = 2, RecordsPerPartition = 4_000, ValueBytes = 500, Readers = 4, RoundsPerReader = 10;

    [Fact]
    public async Task Each_segment_is_mapped_once_for_reading_and_no_request_makes_a_map()
    {
        await using var broker = BrokerProcess.Temporary("--topic_defaults.segment.bytes=256KiB");
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("mapped", Partitions);
        await FillAsync(client);
        await ReadAllAsync(client);

        string[] segments = [.. Directory.GetFiles(Topics(broker), "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        MappedFile[] before = Maps(broker);
        Assert.True(segments.Length >= 2 * Partitions, $"{segments.Length} segments");
        Assert.Equal(segments, before.Select(map => map.Path));
        Assert.All(before, map => Assert.Equal("r--s", map.Access));

        Task reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => ReadRepeatedlyAsync(client)));
        int samples = 0;
        for (; !reading.IsCompleted; samples++)
        {
            Assert.Equal(before, Maps(broker));
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }

        await reading;
        Assert.True(samples > 0);
        Assert.Equal(before, Maps(broker));
    }

    private static MappedFile[] Maps(BrokerProcess broker) =>
        [.. MappedFile.Of(broker.ProcessId, Topics(broker)).Where(map => map.Path.EndsWith(".log", StringComparison.Ordinal))];

    private static string Topics(BrokerProcess broker) => Path.Combine(broker.DataDirectory, "topics");

    private static async Task FillAsync(BrokerClient client)
    {
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 32 * 1024 });
        byte[] value = new byte[ValueBytes];
        for (int sent = 0; sent < Partitions * RecordsPerPartition; sent++)
        {
            while (!producer.TrySend("mapped", OptionalBytes.Null, value, partition: sent % Partitions))
            {
                await producer.WaitForSpaceAsync();
            }
        }

        await producer.FlushAsync();
    }

    private static async Task ReadRepeatedlyAsync(BrokerClient client)
    {
        for (int round = 0; round < RoundsPerReader; round++)
        {
            await ReadAllAsync(client);
        }
    }

    private static async Task ReadAllAsync(BrokerClient client)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "mapped", StopAtEnd = true, MaxResponseBytes = 16 * 1024 });
        int read = 0;
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync())
        {
            read += batch.RecordCount;
        }

        Assert.Equal(Partitions * RecordsPerPartition, read);
    }
}
