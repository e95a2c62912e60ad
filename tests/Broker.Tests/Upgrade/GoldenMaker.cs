using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Broker.Client;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Tests.Upgrade;

/// <summary>
/// Makes a golden data directory with the real broker and the real client: every codec, several producers, rolled, trimmed,
/// freed and recycled segments, a deleted topic, checkpoints, and behind the last one a journal that was cut off by kill -9.
/// <c>tests/golden NAME</c> calls it once for each new version of a format; what it made before is never made again.
/// </summary>
internal sealed class GoldenMaker
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Time must not free anything: the directory is opened years later.</summary>
    private static readonly Dictionary<string, string> ForEver = new() { ["retention.ms"] = "-1", ["segment.ms"] = "1000000000000" };

    private const string Named = "keeper", Transactional = "exact", Group = "readers";

    private readonly string _root = Directory.CreateTempSubdirectory("broker-golden-").FullName;
    private long _counter;

    private string Data => Path.Combine(_root, "data");

    /// <param name="directory">Gets NAME.zip and NAME.json.</param>
    public static async Task MakeAsync(string directory, string name)
    {
        var maker = new GoldenMaker();
        try
        {
            GoldenContent content = await maker.RunAsync();
            string json = JsonSerializer.Serialize(content, Indented);
            await File.WriteAllTextAsync(Path.Combine(directory, name + ".json"), json + "\n");
            string zip = Path.Combine(directory, name + ".zip");
            File.Delete(zip);
            await ZipFile.CreateFromDirectoryAsync(maker.Data, zip, CompressionLevel.SmallestSize, includeBaseDirectory: false);
        }
        finally
        {
            Directory.Delete(maker._root, recursive: true);
        }
    }

    private async Task<GoldenContent> RunAsync()
    {
        using (ServedBroker first = await ServedBroker.StartAsync(Data))
        {
            await using var client = Connect(first);
            await FillAsync(client);
            await first.StopAsync();
        }

        using ServedBroker second = await ServedBroker.StartAsync(Data);
        await using (var client = Connect(second))
        {
            int entries = await AddTailAsync(client);
            ServerInfo info = await client.Admin.GetServerInfoAsync();
            List<TopicDescription> topics = [];
            foreach (TopicSummary summary in await client.Admin.ListTopicsAsync())
            {
                topics.Add(await client.Admin.DescribeTopicAsync(summary.Topic.Name));
            }

            List<PartitionContent> partitions = [];
            foreach (TopicDescription topic in topics)
            {
                foreach (PartitionDescription partition in topic.Partitions)
                {
                    partitions.Add(await ReadAsync(client, topic, partition));
                }
            }

            ProducerDescription named = await client.Admin.DescribeProducerAsync(Named);
            ProducerPosition position = Assert.Single(named.Positions);
            TransactionResult commit = (await client.Admin.DescribeTransactionAsync(Transactional)).LastCommit!;
            IReadOnlyList<CommittedOffset> offsets = await client.Groups.FetchOffsetsAsync(Group);
            await second.KillAsync();
            return new GoldenContent(
                GoldenDirectory.FormatsNow, (long)info.Incarnation, entries,
                [.. topics.Select(t => new TopicContent(t.Name, t.PartitionCount, t.Config))], ["gone"], partitions, await LastBatchesAsync())
            {
                NamedProducers = [new(Named, named.Epoch, position.Topic, position.Partition, position.RecordCount, position.LastOffset)],
                LastCommits =
                [
                    new(
                        Transactional, commit.CommitTime.ToUnixTimeMilliseconds(),
                        [.. commit.Partitions.Select(place => new CommitPlace(place.Topic, place.Partition, place.BaseOffset, place.RecordCount))]),
                ],
                Offsets = [.. offsets.Select(offset => new GroupPosition(Group, offset.Topic, offset.Partition, offset.Offset))],
            };
        }
    }

    private static BrokerClient Connect(ServedBroker broker) =>
        new(new BrokerClientOptions { Server = broker.Server, ClientId = "golden" });

    private async Task FillAsync(BrokerClient client)
    {
        await CreateAsync(client, "codecs", 4);
        await CreateAsync(client, "rolled", 1, ("segment.bytes", "65536"));
        await CreateAsync(client, "retained", 1, ("segment.bytes", "65536"), ("retention.bytes", "150000"));
        await CreateAsync(client, "trimmed", 2, ("segment.bytes", "65536"));
        await CreateAsync(client, "altered", 1, ("compression.type", "lz4"));
        await CreateAsync(client, "gone", 2);
        foreach (Codec codec in (Codec[])[Codec.None, Codec.Lz4, Codec.Zstd])
        {
            await SendAsync(client, "codecs", [0, 1, 2], 200, codec);
        }

        await SendAsync(client, "rolled", [0], 300, Codec.None);
        await SendAsync(client, "retained", [0], 1500, Codec.None);
        await SendAsync(client, "trimmed", [0, 1], 200, Codec.None);
        await SendAsync(client, "altered", [0], 50, Codec.None);
        await SendAsync(client, "gone", [0, 1], 100, Codec.None);
        await client.Admin.TrimTopicAsync("trimmed", StartAt.Offset(120), [0]);
        await SendNamedAsync(client, 12);
        await SendTransactionAsync(client, 5);
    }

    private async Task SendNamedAsync(BrokerClient client, int count)
    {
        await using Producer producer = client.CreateProducer(new ProducerOptions { Name = Named });
        for (int i = 0; i < count; i++)
        {
            await producer.SendAsync(new ProducerRecord { Topic = "codecs", Partition = 3, Value = Encoding.UTF8.GetBytes($"{_counter++}") });
        }
    }

    private async Task SendTransactionAsync(BrokerClient client, int count)
    {
        await using TransactionalProducer producer = client.CreateTransactionalProducer(Transactional);
        await using Transaction transaction = await producer.BeginAsync();
        for (int i = 0; i < count; i++)
        {
            await transaction.SendAsync(new ProducerRecord { Topic = "codecs", Partition = i % 2, Value = Encoding.UTF8.GetBytes($"{_counter++}") });
        }

        transaction.SendOffsets(Group, [new TopicPartitionOffset("rolled", 0, count * 10)]);
        await transaction.CommitAsync();
        await client.Groups.CommitOffsetsAsync(Group, [new TopicPartitionOffset("codecs", 1, count)]);
    }

    private static async Task SendAbortedAsync(BrokerClient client)
    {
        await using TransactionalProducer producer = client.CreateTransactionalProducer(Transactional);
        await using Transaction transaction = await producer.BeginAsync();
        await transaction.SendAsync("codecs", "k", "aborted");
    }

    /// <returns>At least how many journal entries the last checkpoint does not know.</returns>
    private async Task<int> AddTailAsync(BrokerClient client)
    {
        int entries = 0;
        entries += await SendAsync(client, "codecs", [0, 1], 20, Codec.Zstd);
        entries += await SendAsync(client, "rolled", [0], 100, Codec.Lz4);
        await SendNamedAsync(client, 7);
        await SendTransactionAsync(client, 3);
        await SendAbortedAsync(client);
        await client.Admin.DeleteTopicAsync("gone");
        await CreateAsync(client, "new", 2, ("message.timestamp.type", "LogAppendTime"));
        entries += await SendAsync(client, "new", [1], 30, Codec.None);
        await client.Admin.AlterTopicAsync("altered", new Dictionary<string, string> { ["index.interval.bytes"] = "512" }, ["compression.type"]);
        await client.Admin.AddPartitionsAsync("altered", 3);
        entries += await SendAsync(client, "altered", [0, 2], 30, Codec.Lz4);
        await client.Admin.TrimTopicAsync("trimmed", StartAt.Latest, [1]);
        entries += await SendAsync(client, "trimmed", [0], 10, Codec.None);
        entries += await SendAsync(client, "retained", [0], 400, Codec.None);
        await SettleAsync(client, "retained");
        return entries;
    }

    /// <summary>Waits until retention has done what it had to.</summary>
    private static async Task SettleAsync(BrokerClient client, string topic)
    {
        long before = -1;
        for (int calm = 0; calm < 5; calm++)
        {
            await Task.Delay(300);
            long now = (await client.Admin.DescribeTopicAsync(topic)).Partitions[0].LogStartOffset;
            calm = now == before ? calm : 0;
            before = now;
        }
    }

    private static Task<TopicDescription> CreateAsync(BrokerClient client, string name, int partitions, params (string Key, string Value)[] config) =>
        client.Admin.CreateTopicAsync(
            name, partitions, new Dictionary<string, string>(ForEver.Concat(config.Select(c => KeyValuePair.Create(c.Key, c.Value)))));

    /// <returns>How many batches were sent, at least.</returns>
    private async Task<int> SendAsync(BrokerClient client, string topic, int[] partitions, int records, Codec codec)
    {
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 8 << 10, Compression = codec });
        for (int i = 0; i < records; i++)
        {
            foreach (int partition in partitions)
            {
                long n = _counter++;
                byte[] value = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"record {n} of {topic}; ", 40)));
                await producer.SendAsync(new ProducerRecord
                {
                    Topic = topic,
                    Partition = partition,
                    Key = n % 5 == 0 ? null : BitConverter.GetBytes(n),
                    Value = n % 50 == 0 ? null : value,
                    Headers = n % 7 == 0 ? [new RecordHeader("n", BitConverter.GetBytes(n)), new RecordHeader("empty", null)] : null,
                });
            }
        }

        return partitions.Length;
    }

    private static async Task<PartitionContent> ReadAsync(BrokerClient client, TopicDescription topic, PartitionDescription partition)
    {
        using var hash = new ContentHash();
        await using Consumer consumer = client.CreateConsumer(
            new ConsumerOptions { Topic = topic.Name, Partitions = [partition.Partition], StopAtEnd = true });
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            hash.Add(record);
        }

        return new PartitionContent(
            topic.Name, new TopicId(topic.Id).ToString(), partition.Partition, partition.LogStartOffset, partition.HighWatermark,
            hash.RecordCount, hash.Finish());
    }

    /// <summary>The newest batch of every producer in every partition, from a copy: opening changes a directory.</summary>
    private async Task<List<LastBatch>> LastBatchesAsync()
    {
        string copy = Path.Combine(_root, "copy");
        GoldenDirectory.Copy(Data, copy);
        await using BrokerEngine engine = BrokerEngine.Open(GoldenDirectory.Options(copy), TimeProvider.System);
        return [.. engine.Topics.SelectMany(t => t.Partitions).SelectMany(LastBatches)];
    }

    private static IEnumerable<LastBatch> LastBatches(PartitionHandle partition)
    {
        var last = new SortedDictionary<long, LastBatch>();
        ContentHash.Of(partition, stored =>
        {
            var batch = new StoredBatchView(stored.Span);
            if (batch.IsTransactional)
            {
                return;
            }

            last[batch.ProducerId] = new LastBatch(
                partition.TopicName, partition.Partition, batch.ProducerId, batch.ProducerEpoch, batch.BaseSequence, batch.RecordCount, batch.BaseOffset);
        });
        return last.Values;
    }
}
