using Broker.Client;
using Broker.Client.Testing;
using Broker.Storage.Files;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.InMemory;

/// <summary>What a broker in memory has beside what every broker promises; that is tests/Broker.EndToEnd/Contract.</summary>
public sealed class InMemoryBrokerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Brokers_in_one_process_are_strangers()
    {
        string[][] read = await Task.WhenAll(Enumerable.Range(0, 8).Select(async number =>
        {
            await using InMemoryBroker broker = await InMemoryBroker.StartAsync();
            await using BrokerClient client = broker.CreateClient();
            await client.Admin.CreateTopicAsync("t", partitionCount: 1);
            await using Producer producer = client.CreateProducer();
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => producer.SendAsync("t", null, $"{number}").AsTask()));
            return await ReadAsync(client);
        }));

        Assert.All(read.Select((values, number) => (values, number)), one =>
        {
            Assert.Equal(200, one.values.Length);
            Assert.All(one.values, value => Assert.Equal($"{one.number}", value));
        });
    }

    [Fact]
    public async Task Topics_and_settings_of_the_options_are_there_from_the_start()
    {
        var options = new InMemoryBrokerOptions { Topics = { ["orders"] = 3, ["payments"] = 1 }, Settings = { ["limits.record_bytes"] = "2KiB" } };
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(options);
        await using BrokerClient client = broker.CreateClient();

        IReadOnlyList<TopicSummary> topics = await client.Admin.ListTopicsAsync();
        ServerInfo info = await client.Admin.GetServerInfoAsync();

        Assert.Equal([("orders", 3), ("payments", 1)], topics.Select(t => (t.Topic.Name, t.Topic.PartitionCount)));
        Assert.Equal(2048, info.Limits.RecordBytesMax);
        Assert.Empty(info.Problems);
    }

    [Theory]
    [InlineData("journal.filebytes", "1MiB", "Unknown setting 'journal.filebytes' (InMemoryBrokerOptions.Settings): did you mean 'journal.file_bytes'?")]
    [InlineData("limits.record_bytes", "much", "Setting 'limits.record_bytes' has the value 'much' (InMemoryBrokerOptions.Settings), but 1KiB to 8MiB is allowed.")]
    [InlineData("data_dir", "/tmp", "A broker in memory has no use for data_dir.")]
    [InlineData("grpc.listen", "127.0.0.1:9095", "A broker in memory has no use for grpc.listen.")]
    public async Task A_setting_that_cannot_be_meant_is_refused_in_a_sentence(string key, string value, string sentence)
    {
        var options = new InMemoryBrokerOptions { Settings = { [key] = value } };
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => InMemoryBroker.StartAsync(options));
        Assert.Equal(sentence, refused.Message);
    }

    [Fact]
    public async Task A_topic_that_cannot_be_created_is_told_and_leaves_no_broker()
    {
        var options = new InMemoryBrokerOptions { Topics = { ["no/topic"] = 1 } };
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => InMemoryBroker.StartAsync(options));
        Assert.Equal("INVALID_TOPIC_EXCEPTION", refused.Reason);
    }

    [Fact]
    public async Task Dates_are_those_of_its_clock_which_stands_until_it_is_advanced()
    {
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(new InMemoryBrokerOptions
        {
            TimeProvider = new FakeTimeProvider(new DateTimeOffset(2031, 5, 1, 12, 0, 0, TimeSpan.Zero)),
            Topics = { ["t"] = 1 },
        });
        await using BrokerClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        long noon = broker.Time.GetUtcNow().ToUnixTimeMilliseconds();

        RecordMetadata first = await producer.SendAsync("t", null, "1");
        RecordMetadata second = await producer.SendAsync("t", null, "2");
        broker.Time.Advance(TimeSpan.FromHours(3));
        RecordMetadata third = await producer.SendAsync("t", null, "3");

        Assert.Equal([noon, noon, noon + (3 * 3600 * 1000)], [first.AppendTimeMs, second.AppendTimeMs, third.AppendTimeMs]);
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        List<ConsumedRecord> read = await consumer.ReadAllAsync().ToListAsync();
        Assert.Equal(read.Select(record => record.AppendTimeMs), read.Select(record => record.TimestampMs));
    }

    [Fact]
    public async Task What_is_due_is_done_when_advancing_the_clock_returns()
    {
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(new InMemoryBrokerOptions { Topics = { ["t"] = 1 } });
        await using BrokerClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        for (int round = 1; round <= 20; round++)
        {
            await producer.SendAsync("t", null, "v");
            broker.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1));
            Assert.Equal(round - 1, await LogStartAsync(client));
            broker.Time.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal(round, await LogStartAsync(client));
        }
    }

    [Fact]
    public async Task A_crash_takes_what_was_not_synced_and_a_restart_does_not()
    {
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync();
        string path = Path.GetFullPath("/unsynced");
        broker.Disk.Open(path, FileOpening.New).Dispose();
        await broker.RestartAsync();
        Assert.True(broker.Disk.FileExists(path));
        await broker.CrashAsync();
        Assert.False(broker.Disk.FileExists(path));
    }

    [Fact]
    public async Task A_producer_without_a_name_is_forgotten_after_a_day_of_its_clock()
    {
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(new InMemoryBrokerOptions { Topics = { ["t"] = 1 } });
        await using BrokerClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync("t", null, "v");
        broker.Time.Advance(TimeSpan.FromHours(23));
        Assert.Single(await client.Admin.ListProducersAsync().ToListAsync());
        broker.Time.Advance(TimeSpan.FromHours(2));
        Assert.Empty(await client.Admin.ListProducersAsync().ToListAsync());
    }

    [Fact]
    public async Task A_clock_that_cannot_be_advanced_is_not_offered_for_it()
    {
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(new InMemoryBrokerOptions
        {
            TimeProvider = TimeProvider.System,
            Topics = { ["t"] = 1 },
        });
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => broker.Time);
        Assert.Contains("of its options", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Much_is_written_and_read_while_the_clock_stands()
    {
        // Many times what the journal holds before a checkpoint has to be through, after a start with something to replay.
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(new InMemoryBrokerOptions { Topics = { ["t"] = 2 } });
        await using BrokerClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync("t", null, "v");
        await broker.CrashAsync();
        string value = new('x', 10_000);
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => producer.SendAsync("t", $"{i}", value).AsTask())).WaitAsync(Patience);
        Assert.Equal(3001, (await ReadAsync(client)).Length);
    }

    [Fact]
    public async Task Whoever_asks_a_broker_that_was_disposed_is_refused()
    {
        InMemoryBroker broker = await InMemoryBroker.StartAsync();
        await using BrokerClient client = broker.CreateClient(options => options.RequestTimeout = TimeSpan.FromMilliseconds(200));
        await client.Admin.ListTopicsAsync();
        await broker.DisposeAsync();
        await broker.DisposeAsync();

        RetriableException away = await Assert.ThrowsAsync<RetriableException>(() => client.Admin.ListTopicsAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(broker.RestartAsync);
        await Assert.ThrowsAsync<ObjectDisposedException>(broker.CrashAsync);

        Assert.Equal("Cannot reach a broker at in-memory:9095: nothing listens there (connection refused).", away.Message);
    }

    [Fact]
    public async Task A_broker_that_was_disposed_is_let_go()
    {
        // Each holds megabytes, and a suite may have hundreds. What threads and pools remember of the newest may stay a while.
        const int count = 12, alive = 4;
        var clocks = new List<WeakReference>();
        for (int i = 0; i < count; i++)
        {
            clocks.Add(await UseAsync());
        }

        for (int attempt = 0; attempt < 100 && clocks.Count(clock => clock.IsAlive) > alive; attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20);
        }

        Assert.InRange(clocks.Count(clock => clock.IsAlive), 0, alive);

        static async Task<WeakReference> UseAsync()
        {
            // The engine refers to it for as long as anything refers to the engine.
            var clock = new FakeTimeProvider();
            await using InMemoryBroker broker = await InMemoryBroker.StartAsync(new InMemoryBrokerOptions { TimeProvider = clock, Topics = { ["t"] = 1 } });
            await using BrokerClient client = broker.CreateClient();
            await using Producer producer = client.CreateProducer();
            await producer.SendAsync("t", null, "v");
            await broker.CrashAsync();
            return new WeakReference(clock);
        }
    }

    [Fact]
    public async Task A_client_may_be_configured_but_not_sent_elsewhere()
    {
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync();
        await using BrokerClient client = broker.CreateClient(options =>
        {
            options.Server = "example.com:1";
            options.ClientId = "the test";
        });
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync("t", null, "v");
        Assert.Equal("the test", Assert.Single(await client.Admin.ListProducersAsync().ToListAsync()).ClientId);
    }

    [Fact]
    public async Task Its_log_can_be_read()
    {
        // More than any disk in memory has.
        var options = new InMemoryBrokerOptions { Log = new StringWriter(), Settings = { ["storage.reserve_bytes"] = "2048GiB" } };
        await using InMemoryBroker broker = await InMemoryBroker.StartAsync(options);
        Assert.Contains("Writes are refused", options.Log.ToString(), StringComparison.Ordinal);
    }

    private static async Task<long> LogStartAsync(BrokerClient client) => (await client.Admin.ListOffsetsAsync("t", StartAt.Earliest))[0].Offset;

    private static async Task<string[]> ReadAsync(BrokerClient client)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        return await consumer.ReadAllAsync().Select(record => record.ValueText!).ToArrayAsync();
    }
}
