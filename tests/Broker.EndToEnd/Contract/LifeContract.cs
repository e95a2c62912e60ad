using System.Collections.Concurrent;
using Broker.Client;

namespace Broker.EndToEnd.Contract;

/// <summary>What outlives a restart, a kill and the passing of time.</summary>
public abstract class LifeContract(IContractBroker broker) : ClientContract(broker)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Topics_records_and_producers_outlive_a_restart_and_a_kill(bool isKilled)
    {
        string name = Topic + "-importer";
        TopicDescription created = await Client.Admin.CreateTopicAsync(Topic, 2, new Dictionary<string, string> { ["retention.ms"] = "86400000" });
        await using Producer named = Client.CreateProducer(new ProducerOptions { Name = name });
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => SendAsync(named, Topic, i % 2, $"{i}")));
        await Client.Admin.TrimTopicAsync(Topic, StartAt.Offset(100), partitions: [1]);
        ServerInfo before = await Client.Admin.GetServerInfoAsync();

        await EndAsync(isKilled);

        ServerInfo after = await Client.Admin.GetServerInfoAsync();
        TopicDescription described = await Client.Admin.DescribeTopicAsync(Topic);
        ProducerDescription producer = await Client.Admin.DescribeProducerAsync(name);
        await SendAsync(named, Topic, 0, "2000");

        Assert.Equal(before.Incarnation + 1, after.Incarnation);
        Assert.Equal((created.Id, "86400000"), (described.Id, described.Config["retention.ms"]));
        Assert.Equal([(0L, 1000L), (100, 1000)], described.Partitions.Select(p => (p.LogStartOffset, p.HighWatermark)));
        Assert.Equal([(0, 1000L), (1, 1000)], producer.Positions.Select(p => (p.Partition, p.RecordCount)));
        Assert.Equal(Enumerable.Range(0, 1001).Select(i => $"{2 * i}"), await ReadValuesAsync(Topic, partition: 0));
        Assert.Equal(Enumerable.Range(100, 900).Select(i => $"{(2 * i) + 1}"), await ReadValuesAsync(Topic, partition: 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Under_load_nothing_acknowledged_is_lost_and_nothing_is_there_twice_however_the_broker_ends(bool isKilled)
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 3);
        var acks = new ConcurrentDictionary<string, RecordMetadata>();
        using var stop = new CancellationTokenSource();
        Task[] loads = [.. Enumerable.Range(0, 3).Select(writer => LoadAsync(writer, acks, stop.Token))];
        await using BrokerClient follower = Broker.CreateClient();
        Task<List<ConsumedRecord>> following = FollowAsync(follower, stop.Token);
        for (int i = 0; i < 4; i++)
        {
            int enough = acks.Count + 2000;
            while (acks.Count < enough)
            {
                Assert.DoesNotContain(loads, load => load.IsCompleted);
                await Task.Delay(1);
            }

            await EndAsync(isKilled);
        }

        await stop.CancelAsync();
        await Task.WhenAll(loads).WaitAsync(Patience);
        List<ConsumedRecord> read = await ReadAsync(Topic);
        List<ConsumedRecord> followed = await following.WaitAsync(Patience);

        // Each was awaited to its end, so that all that is there was acknowledged.
        Assert.Equal(acks.Keys.Order(StringComparer.Ordinal), read.Select(record => record.ValueText!).Order(StringComparer.Ordinal));
        Assert.All(read, record => Assert.Equal((acks[record.ValueText!].Partition, acks[record.ValueText!].Offset), (record.Partition, record.Offset)));
        foreach (IGrouping<int, ConsumedRecord> partition in read.GroupBy(record => record.Partition))
        {
            Assert.Equal(Enumerable.Range(0, partition.Count()).Select(offset => (long)offset), partition.Select(record => record.Offset));
            Assert.All(
                partition.Select(record => record.ValueText!.Split(':')).GroupBy(words => words[0], words => int.Parse(words[1])),
                writer => Assert.Equal(writer.Order(), writer));
            List<string?> seen = [.. followed.Where(record => record.Partition == partition.Key).Select(record => record.ValueText)];
            Assert.Equal(partition.Select(record => record.ValueText).Take(seen.Count), seen);
        }
    }

    [Fact]
    public async Task Records_are_freed_when_they_are_older_than_the_topic_keeps_them()
    {
        await Client.Admin.CreateTopicAsync(Topic, 1, new Dictionary<string, string> { ["retention.ms"] = "3000" });
        await using Producer producer = Client.CreateProducer();
        await SendAsync(producer, Topic, 0, "old");
        await Broker.PassTimeAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["old"], await ReadValuesAsync(Topic));

        await Broker.PassTimeAsync(TimeSpan.FromSeconds(2) + (2 * IContractBroker.RetentionCheckInterval));
        while ((await ReadValuesAsync(Topic)).Count > 0)
        {
            await Task.Delay(10);
        }

        Assert.Equal(1, (await SendAsync(producer, Topic, 0, "new")).Offset);
        Assert.Equal(["new"], await ReadValuesAsync(Topic));
        Assert.Equal(1, (await Client.Admin.ListOffsetsAsync(Topic, StartAt.Earliest))[0].Offset);
    }

    public sealed class InMemory(InMemoryContractBroker broker) : LifeContract(broker), IClassFixture<InMemoryContractBroker>;

    public sealed class InAProcess(ProcessContractBroker broker) : LifeContract(broker), IClassFixture<ProcessContractBroker>;

    /// <summary>Sends until it is told to stop, some at a time, and awaits each.</summary>
    private async Task LoadAsync(int writer, ConcurrentDictionary<string, RecordMetadata> acks, CancellationToken stop)
    {
        const int atATime = 50;
        await using Producer producer = Client.CreateProducer(new ProducerOptions { BatchSizeBytes = 2048 });
        for (int first = 0; !stop.IsCancellationRequested; first += atATime)
        {
            await Task.WhenAll(Enumerable.Range(first, atATime).Select(async i =>
            {
                string value = $"{writer}:{i}:{new string('.', 100)}";
                acks[value] = await SendAsync(producer, Topic, i % 3, value);
            }));
        }
    }

    private async Task<List<ConsumedRecord>> FollowAsync(BrokerClient client, CancellationToken stop)
    {
        var read = new List<ConsumedRecord>();
        await using Consumer consumer = client.CreateConsumer(Topic);
        try
        {
            await foreach (ConsumedRecord record in consumer.ReadAllAsync(stop))
            {
                read.Add(record);
            }
        }
        catch (OperationCanceledException)
        {
            // As far as it has come.
        }

        return read;
    }
}
