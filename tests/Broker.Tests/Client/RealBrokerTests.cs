using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Client;
using Broker.Server.Hosting;
using Broker.Tests.Server;

namespace Broker.Tests.Client;

/// <summary>The client against the broker itself, in this process.</summary>
public sealed class RealBrokerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("broker-client-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_record_comes_back_as_it_was_sent_null_and_empty_told_apart()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        ProducerRecord[] sent =
        [
            new() { Topic = "t" },
            new() { Topic = "t", Key = Array.Empty<byte>(), Value = Array.Empty<byte>() },
            new()
            {
                Topic = "t",
                Key = "k"u8.ToArray(),
                Value = new byte[100_000],
                Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(981_000_000_000),
                Headers = [new("a", "1"u8.ToArray()), new("a", null), new("ü", Array.Empty<byte>())],
            },
        ];
        foreach (ProducerRecord record in sent)
        {
            await producer.SendAsync(record);
        }

        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        List<ConsumedRecord> read = await ReadAsync(consumer);

        Assert.Equal(3, read.Count);
        for (int i = 0; i < sent.Length; i++)
        {
            Assert.Equal(i, read[i].Offset);
            Assert.Equal(sent[i].Key?.ToArray(), read[i].Key?.ToArray());
            Assert.Equal(sent[i].Value?.ToArray(), read[i].Value?.ToArray());
        }

        Assert.Equal(sent[2].Timestamp, read[2].Timestamp);
        Assert.Equal(["a", "a", "ü"], read[2].Headers.Select(header => header.Key));
        Assert.Equal(["1"u8.ToArray(), null, Array.Empty<byte>()], read[2].Headers.Select(header => header.Value?.ToArray()));
    }

    [Fact]
    public async Task Producer_and_consumer_live_through_restarts_of_the_broker_without_loss_or_duplicate()
    {
        int port = ScriptedBroker.FreePort();
        BrokerHost host = await StartAsync(port);
        await using var client = new BrokerClient($"127.0.0.1:{port}");
        await client.Admin.CreateTopicAsync("t", partitionCount: 2);
        const int recordCount = 60_000;
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 4096 });
        Task<List<ConsumedRecord>> reading = Task.Run(() => ReadFirstAsync(client, recordCount));

        for (int i = 0; i < recordCount; i++)
        {
            byte[] value = Encoding.UTF8.GetBytes(i.ToString());
            while (!producer.TrySend("t", default, value, partition: i % 2))
            {
                await producer.WaitForSpaceAsync().AsTask().WaitAsync(Patience);
            }

            if (i % 20_000 == 10_000)
            {
                await host.DisposeAsync();
                host = await StartAsync(port);
            }
        }

        await producer.FlushAsync().WaitAsync(Patience);
        List<ConsumedRecord> read = await reading.WaitAsync(Patience);
        await host.DisposeAsync();

        foreach (IGrouping<int, ConsumedRecord> partition in read.GroupBy(record => record.Partition))
        {
            int[] numbers = [.. partition.Select(record => int.Parse(Encoding.UTF8.GetString(record.Value!.Value.Span)))];
            Assert.Equal(Enumerable.Range(0, recordCount / 2).Select(i => (2 * i) + partition.Key), numbers);
        }
    }

    [Fact]
    public async Task Reading_from_a_time_begins_at_the_first_record_that_is_not_older()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        for (int i = 0; i < 100; i++)
        {
            Assert.True(producer.TrySend("t", default, new byte[1], timestampMs: 1000 * i) || i == 0);
            if (i == 0)
            {
                await producer.SendAsync(new ProducerRecord { Topic = "t", Timestamp = DateTimeOffset.UnixEpoch });
            }
        }

        await producer.FlushAsync();
        StartAt time = StartAt.Timestamp(DateTimeOffset.FromUnixTimeMilliseconds(50_500));
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", From = time, StopAtEnd = true });

        List<ConsumedRecord> read = await ReadAsync(consumer);

        Assert.Equal(51_000, read[0].TimestampMs);
        Assert.Equal(49, read.Count);
        Assert.Equal(51, (await client.Admin.ListOffsetsAsync("t", time))[0].Offset);
    }

    [Fact]
    public async Task A_partition_added_while_its_topic_is_read_is_read_from_its_beginning()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions
        {
            Topic = "t",
            From = StartAt.Latest,
            PartitionCheckInterval = TimeSpan.Zero,
        });
        await using IAsyncEnumerator<ConsumedRecord> records = consumer.ReadAllAsync().GetAsyncEnumerator();
        Task<bool> first = records.MoveNextAsync().AsTask();
        await using (Producer earlier = client.CreateProducer())
        {
            // "Latest" is where the end is when the consumer has come to ask: it has when it gets one of these.
            while (!first.IsCompleted)
            {
                await earlier.SendAsync(new ProducerRecord { Topic = "t", Partition = 0 });
            }
        }

        await client.Admin.AddPartitionsAsync("t", 2);
        await using Producer later = client.CreateProducer();
        await later.SendAsync(new ProducerRecord { Topic = "t", Partition = 1, Value = new byte[1] });
        while (records.Current.Partition == 0)
        {
            Assert.True(await records.MoveNextAsync().AsTask().WaitAsync(Patience));
        }

        Assert.Equal(1, records.Current.Value!.Value.Length);
    }

    [Fact]
    public async Task Topics_are_created_described_changed_trimmed_and_deleted()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        AdminClient admin = client.Admin;

        TopicDescription created = await admin.CreateTopicAsync("t", 2, new Dictionary<string, string> { ["retention.ms"] = "1000000" });
        await using (Producer producer = client.CreateProducer())
        {
            await producer.SendAsync(new ProducerRecord { Topic = "t", Partition = 1, Value = new byte[3] });
        }

        TopicDescription altered = await admin.AlterTopicAsync("t", unset: ["retention.ms"]);
        TopicDescription grown = await admin.AddPartitionsAsync("t", 3);
        IReadOnlyList<PartitionOffset> trimmed = await admin.TrimTopicAsync("t", StartAt.Latest);
        TopicDescription described = await admin.DescribeTopicAsync("t");
        TopicSummary listed = Assert.Single(await admin.ListTopicsAsync());
        ServerInfo info = await admin.GetServerInfoAsync();
        await admin.DeleteTopicAsync("t");

        Assert.Equal("1000000", created.Config["retention.ms"]);
        Assert.Empty(altered.Config);
        Assert.Equal(3, grown.PartitionCount);
        Assert.Contains(new PartitionOffset(1, 1), trimmed);
        Assert.Equal([0L, 1, 0], described.Partitions.Select(partition => partition.HighWatermark));
        Assert.Equal(created.Id, listed.Topic.Id);
        Assert.Equal(1, info.TopicCount);
        Assert.Empty(await admin.ListTopicsAsync());
        BrokerException unknown = await Assert.ThrowsAsync<BrokerException>(() => admin.DescribeTopicAsync("t"));
        Assert.Contains("broker topic create t", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_wrong_port_is_named_in_one_sentence()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        string http = broker.Host.HttpEndPoint.ToString();
        await using var wrong = new BrokerClient(http);
        string nothing = $"127.0.0.1:{ScriptedBroker.FreePort()}";
        await using var silent = new BrokerClient(nothing);

        // What answers there may close the connection before its answer has come: then that is what is told.
        BrokerException answersOtherwise;
        do
        {
            answersOtherwise = await Assert.ThrowsAnyAsync<BrokerException>(() => wrong.Admin.ListTopicsAsync());
        }
        while (answersOtherwise is RetriableException);

        Assert.Equal(ErrorReasons.UnsupportedVersion, answersOtherwise.Reason);
        RetriableException refused = await Assert.ThrowsAsync<RetriableException>(() => silent.Admin.ListTopicsAsync());

        Assert.Contains(http, answersOtherwise.Message, StringComparison.Ordinal);
        Assert.Equal($"Cannot reach a broker at {nothing}: nothing listens there (connection refused).", refused.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broker_that_is_killed_at_the_first_contact_is_waited_for(bool isReset)
    {
        await using (BrokerHost before = await StartAsync(port: 0))
        {
            await using var first = new BrokerClient(before.GrpcEndPoint.ToString());
            await first.Admin.CreateTopicAsync("t", partitionCount: 1);
        }

        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var client = new BrokerClient(new BrokerClientOptions
        {
            Server = $"127.0.0.1:{port}",
            FirstContactTimeout = Patience,
        });
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        Task<List<ConsumedRecord>> reading = ReadAsync(consumer);

        // A killed process leaves connections that are reset when something was unread, and else are closed.
        Socket connection = await listener.AcceptSocketAsync();
        if (isReset)
        {
            connection.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        else
        {
            await connection.ReceiveAsync(new byte[1 << 16]);
        }

        connection.Close();
        listener.Stop();
        await using BrokerHost host = await StartAsync(port);

        Assert.Empty(await reading);
    }

    [Fact]
    public async Task Calls_wait_for_a_broker_that_is_away_to_be_updated()
    {
        BrokerHost before = await StartAsync(port: 0);
        int port = before.GrpcEndPoint.Port;
        await using var client = new BrokerClient(before.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await before.DisposeAsync();

        Task<TopicDescription> reading = client.Admin.DescribeTopicAsync("t"), changing = client.Admin.CreateTopicAsync("u", partitionCount: 1);
        await Task.WhenAny(reading, changing, Task.Delay(TimeSpan.FromMilliseconds(200)));
        Assert.False(reading.IsCompleted || changing.IsCompleted);
        await using BrokerHost after = await StartAsync(port);

        Assert.Equal("t", (await reading).Name);
        Assert.Equal("u", (await changing).Name);
    }

    [Fact]
    public async Task Producers_that_are_opened_by_name_wait_for_a_broker_that_starts_later()
    {
        int port = ScriptedBroker.FreePort();
        await using var client = new BrokerClient(new BrokerClientOptions { Server = $"127.0.0.1:{port}", FirstContactTimeout = Patience });
        await using TransactionalProducer transactional = client.CreateTransactionalProducer("a");
        await using Producer plain = client.CreateProducer(new ProducerOptions { Name = "b" });
        Task initialising = transactional.InitTransactionsAsync();
        Task<IReadOnlyList<ProducerPosition>> opening = plain.OpenAsync();
        await Task.WhenAny(initialising, opening, Task.Delay(TimeSpan.FromMilliseconds(200)));
        await using BrokerHost host = await StartAsync(port);

        await initialising;
        Assert.Empty(await opening);
    }

    [Fact]
    public async Task A_broker_that_starts_later_is_waited_for_when_the_options_say_so()
    {
        int port = ScriptedBroker.FreePort();
        await using var client = new BrokerClient(new BrokerClientOptions
        {
            Server = $"127.0.0.1:{port}",
            FirstContactTimeout = Patience,
        });
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        Task<List<ConsumedRecord>> reading = ReadAsync(consumer);
        await Task.Delay(300);
        await using BrokerHost host = await StartAsync(port);

        BrokerException unknown = await Assert.ThrowsAsync<BrokerException>(() => reading).WaitAsync(Patience);

        Assert.Equal(ErrorReasons.UnknownTopicOrPartition, unknown.Reason);
    }

    private static async Task<List<ConsumedRecord>> ReadFirstAsync(BrokerClient client, int count)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t" });
        var records = new List<ConsumedRecord>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            records.Add(record);
            if (records.Count == count)
            {
                break;
            }
        }

        return records;
    }

    private static async Task<List<ConsumedRecord>> ReadAsync(Consumer consumer)
    {
        var records = new List<ConsumedRecord>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            records.Add(record);
        }

        return records;
    }

    private Task<BrokerHost> StartAsync(int port)
    {
        return BrokerHost.StartAsync(TestBroker.Settings(_directory, $"--grpc.listen=127.0.0.1:{port}"));
    }
}
