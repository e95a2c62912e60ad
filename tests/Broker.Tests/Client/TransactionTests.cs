using Broker.Client;
using Broker.Tests.Server;
using Grpc.Core;

namespace Broker.Tests.Client;

/// <summary>Transactions of the client against the broker itself, in this process.</summary>
public sealed class TransactionTests
{
    [Fact]
    public async Task Records_of_a_transaction_over_many_partitions_are_where_the_commit_says_and_nowhere_before()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "a", "b");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction transaction = await producer.BeginAsync();
        for (int i = 0; i < 1000; i++)
        {
            await transaction.SendAsync(i % 2 == 0 ? "a" : "b", $"k{i % 50}", $"v{i}");
        }

        Assert.Empty(await ReadAsync(client, "a"));
        TransactionResult result = await transaction.CommitAsync();

        List<ConsumedRecord> read = [.. await ReadAsync(client, "a"), .. await ReadAsync(client, "b")];
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"v{i}").Order(StringComparer.Ordinal), read.Select(r => r.ValueText!).Order(StringComparer.Ordinal));
        Assert.Equal(8, result.Partitions.Count);
        Assert.All(result.Partitions, place => Assert.Equal(
            place.RecordCount, read.Count(r => r.Topic == place.Topic && r.Partition == place.Partition && r.Offset >= place.BaseOffset && r.Offset < place.BaseOffset + place.RecordCount)));
    }

    [Fact]
    public async Task An_aborted_transaction_leaves_nothing_and_the_next_one_is_whole()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using (Transaction aborted = await producer.BeginAsync())
        {
            await aborted.SendAsync("t", "k", "aborted");
            await aborted.AbortAsync();
        }

        await using (Transaction disposed = await producer.BeginAsync())
        {
            await disposed.SendAsync("t", "k", "disposed");
        }

        await using Transaction transaction = await producer.BeginAsync();
        await transaction.SendAsync("t", "k", "kept");
        TransactionResult result = await transaction.CommitAsync();

        Assert.Equal(["kept"], (await ReadAsync(client, "t")).Select(r => r.ValueText));
        Assert.Equal(0, Assert.Single(result.Partitions).BaseOffset);
    }

    [Fact]
    public async Task Offsets_are_committed_with_the_records_or_not_at_all()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "in", "out");
        await using Producer plain = client.CreateProducer();
        for (int i = 0; i < 5; i++)
        {
            await plain.SendAsync(new ProducerRecord { Topic = "in", Partition = 1, Value = "x"u8.ToArray() });
        }

        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using (Transaction transaction = await producer.BeginAsync())
        {
            await transaction.SendAsync("out", "k", "v");
            transaction.SendOffsets("g", [new TopicPartitionOffset("in", 1, 3)]);
            await transaction.CommitAsync();
        }

        await using (Transaction aborted = await producer.BeginAsync())
        {
            aborted.SendOffsets("g", [new TopicPartitionOffset("in", 1, 5)]);
            await aborted.AbortAsync();
        }

        CommittedOffset offset = Assert.Single(await client.Groups.FetchOffsetsAsync("g"));
        Assert.Equal(("in", 1, 3), (offset.Topic, offset.Partition, offset.Offset));

        await using Transaction beyond = await producer.BeginAsync();
        await beyond.SendAsync("out", "k", "never");
        beyond.SendOffsets("g", [new TopicPartitionOffset("in", 1, 6)]);
        AbortTransactionException refused = await Assert.ThrowsAsync<AbortTransactionException>(() => beyond.CommitAsync());
        Assert.Equal(ErrorReasons.OffsetOutOfRange, refused.Reason);
        Assert.Single(await ReadAsync(client, "out"));
    }

    [Fact]
    public async Task A_second_instance_of_the_name_stops_the_first_and_what_that_had_open()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer first = client.CreateTransactionalProducer("p");
        await using Transaction zombie = await first.BeginAsync();
        await zombie.SendAsync("t", "k", "zombie");

        await using TransactionalProducer second = client.CreateTransactionalProducer("p");
        await second.InitTransactionsAsync();
        FatalException fenced = await Assert.ThrowsAsync<FatalException>(() => zombie.CommitAsync());
        Assert.Equal(ErrorReasons.InvalidProducerEpoch, fenced.Reason);

        await using Transaction transaction = await second.BeginAsync();
        await transaction.SendAsync("t", "k", "second");
        await transaction.CommitAsync();
        Assert.Equal(["second"], (await ReadAsync(client, "t")).Select(r => r.ValueText));
    }

    [Fact]
    public async Task A_transaction_does_not_outlive_a_restart_and_its_producer_goes_on_with_the_next()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction lost = await producer.BeginAsync();
        await lost.SendAsync("t", "k", "lost");
        await broker.RestartAsync();

        AbortTransactionException aborted = await Assert.ThrowsAsync<AbortTransactionException>(() => lost.CommitAsync());
        Assert.True(aborted.IsDefinite);

        await using Transaction transaction = await producer.BeginAsync();
        await transaction.SendAsync("t", "k", "kept");
        await transaction.CommitAsync();
        Assert.Equal(["kept"], (await ReadAsync(client, "t")).Select(r => r.ValueText));
    }

    [Fact]
    public async Task A_commit_of_what_has_failed_before_ends_the_transaction()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        Transaction failed = await producer.BeginAsync();
        await failed.SendAsync("t", "k", "v");
        while ((await client.Admin.ListTransactionsAsync()).Count == 0)
        {
            await Task.Yield();
        }

        Assert.True(await client.Admin.AbortTransactionAsync("p"));
        await Assert.ThrowsAsync<AbortTransactionException>(async () =>
        {
            // The first that is sent after it learns of it, which ends the sending.
            while (true)
            {
                await failed.SendAsync("t", "k", "v");
                await Task.Yield();
            }
        });
        await Assert.ThrowsAsync<AbortTransactionException>(() => failed.CommitAsync());
        await using Transaction next = await producer.BeginAsync();
        await next.SendAsync("t", "k", "kept");
        await next.CommitAsync();
        Assert.Equal(["kept"], (await ReadAsync(client, "t")).Select(r => r.ValueText));
    }

    [Fact]
    public async Task A_transaction_that_is_too_large_is_aborted_and_says_so()
    {
        await using TestBroker broker = await TestBroker.StartAsync("--transaction.max.bytes=256KiB");
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction large = await producer.BeginAsync();
        AbortTransactionException aborted = await Assert.ThrowsAsync<AbortTransactionException>(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await large.SendAsync("t", new byte[1], new byte[50_000]);
            }

            await large.CommitAsync();
        });
        Assert.Equal("TRANSACTION_TOO_LARGE", aborted.Reason);

        await using Transaction small = await producer.BeginAsync();
        await small.SendAsync("t", "k", "small");
        await small.CommitAsync();
        Assert.Equal(["small"], (await ReadAsync(client, "t")).Select(r => r.ValueText));
    }

    [Fact]
    public async Task What_is_beyond_the_memory_for_staging_waits_in_a_file_and_is_committed_whole()
    {
        await using TestBroker broker = await TestBroker.StartAsync("--transaction.staging.memory.bytes=64KiB");
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction transaction = await producer.BeginAsync();
        byte[] value = new byte[10_000];
        for (int i = 0; i < 300; i++)
        {
            value[0] = (byte)i;
            await transaction.SendAsync(new ProducerRecord { Topic = "t", Partition = 0, Value = value.ToArray() });
        }

        await transaction.CommitAsync();
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (byte)i), (await ReadAsync(client, "t")).Select(r => r.Value!.Value.Span[0]));
        Assert.Empty(Directory.GetFiles(Path.Combine(broker.DataDirectory, "staging")));
    }

    [Fact]
    public async Task Asked_for_the_outcome_before_there_is_one_it_is_aborted()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await NewClientAsync(broker, "t");
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction transaction = await producer.BeginAsync();
        await transaction.SendAsync("t", "k", "v");
        Assert.Null(await transaction.GetOutcomeAsync());
        await using Transaction committed = await producer.BeginAsync();
        await committed.SendAsync("t", "k", "w");
        TransactionResult result = await committed.CommitAsync();
        Assert.Equal(result, await committed.GetOutcomeAsync());
        Assert.Equal(["w"], (await ReadAsync(client, "t")).Select(r => r.ValueText));
    }

    [Fact]
    public async Task A_transaction_left_behind_while_the_broker_was_silent_is_ended_by_the_next_one()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var answers = new TaskCompletionSource();
        broker.BeforeAck = () => answers.Task;
        await using BrokerClient client = broker.Connect(options => options.RequestTimeout = TimeSpan.FromMilliseconds(100));
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using (Transaction silent = await producer.BeginAsync())
        {
            await silent.SendAsync("t", "k", "v");
            while (broker.MessageCount == 0)
            {
                await Task.Delay(1);
            }
        }

        Assert.Empty(broker.Aborted);
        answers.SetResult();
        await using Transaction next = await producer.BeginAsync();
        Assert.Equal([1ul], broker.Aborted);
        Assert.Equal(2, next.Number);
    }

    [Fact]
    public async Task What_was_under_way_when_a_transaction_was_given_up_is_not_sent_again_after_the_connection_is_lost()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var answers = new TaskCompletionSource();
        broker.BeforeAck = async () =>
        {
            await answers.Task;
            throw new RpcException(new Status(StatusCode.Unavailable, "The script breaks the stream."));
        };
        await using BrokerClient client = broker.Connect();
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction transaction = await producer.BeginAsync();
        await transaction.SendAsync("t", "k", "v");
        while (broker.MessageCount == 0)
        {
            await Task.Delay(1);
        }

        Task aborting = transaction.AbortAsync();
        answers.SetResult();
        await aborting;
        Assert.Equal(1, broker.MessageCount);
    }

    private static async Task<BrokerClient> NewClientAsync(TestBroker broker, params string[] topics)
    {
        var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        foreach (string topic in topics)
        {
            await client.Admin.CreateTopicAsync(topic, partitionCount: 4);
        }

        return client;
    }

    private static async Task<List<ConsumedRecord>> ReadAsync(BrokerClient client, string topic)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = topic, StopAtEnd = true });
        var records = new List<ConsumedRecord>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            records.Add(record);
        }

        return records;
    }
}
