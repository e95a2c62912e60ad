using Broker.Client;

namespace Broker.EndToEnd.Contract;

/// <summary>Transactions, the offsets of groups, and processors that rest on both.</summary>
public abstract class TransactionContract(IContractBroker broker) : ClientContract(broker)
{
    private string Name => Topic + "-importer";

    private string Group => Topic + "-group";

    [Fact]
    public async Task All_of_a_transaction_is_there_with_the_commit_and_nothing_of_an_aborted_one_ever()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await using TransactionalProducer producer = Client.CreateTransactionalProducer(Name);
        await using (Transaction aborted = await producer.BeginAsync())
        {
            await SendToBothAsync(aborted, "aborted");
            await aborted.AbortAsync();
        }

        await using Transaction transaction = await producer.BeginAsync();
        await SendToBothAsync(transaction, "kept");
        Assert.Empty(await ReadAsync(Topic));
        TransactionResult result = await transaction.CommitAsync();

        Assert.Equal([(0, 0L, 1L), (1, 0, 1)], result.Partitions.OrderBy(p => p.Partition).Select(p => (p.Partition, p.BaseOffset, p.RecordCount)));
        Assert.Equal(["kept", "kept"], await ReadValuesAsync(Topic));
    }

    [Fact]
    public async Task Offsets_count_with_the_records_they_are_committed_with_or_not_at_all()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await using TransactionalProducer producer = Client.CreateTransactionalProducer(Name);
        await using (Transaction committed = await producer.BeginAsync())
        {
            await SendToBothAsync(committed, "v");
            committed.SendOffsets(Group, [new TopicPartitionOffset(Topic, 0, 0)]);
            await committed.CommitAsync();
        }

        await using (Transaction aborted = await producer.BeginAsync())
        {
            aborted.SendOffsets(Group, [new TopicPartitionOffset(Topic, 0, 1)]);
            await aborted.AbortAsync();
        }

        await using Transaction beyond = await producer.BeginAsync();
        await SendToBothAsync(beyond, "never");
        beyond.SendOffsets(Group, [new TopicPartitionOffset(Topic, 0, 2)]);
        AbortTransactionException refused = await Assert.ThrowsAsync<AbortTransactionException>(() => beyond.CommitAsync());

        Assert.Equal((ErrorReasons.OffsetOutOfRange, true), (refused.Reason, refused.IsDefinite));
        CommittedOffset offset = Assert.Single(await Client.Groups.FetchOffsetsAsync(Group));
        Assert.Equal((Topic, 0, 0L), (offset.Topic, offset.Partition, offset.Offset));
        Assert.Equal(["v", "v"], await ReadValuesAsync(Topic));
    }

    [Fact]
    public async Task Whoever_takes_the_name_over_ends_what_was_open_under_it()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await using TransactionalProducer first = Client.CreateTransactionalProducer(Name);
        await using Transaction zombie = await first.BeginAsync();
        await SendToBothAsync(zombie, "zombie");
        await using TransactionalProducer second = Client.CreateTransactionalProducer(Name);
        await using Transaction transaction = await second.BeginAsync();
        await SendToBothAsync(transaction, "second");
        await transaction.CommitAsync();

        FatalException fenced = await Assert.ThrowsAsync<FatalException>(() => zombie.CommitAsync());

        Assert.Equal((ErrorReasons.InvalidProducerEpoch, true), (fenced.Reason, fenced.IsDefinite));
        Assert.Equal(["second", "second"], await ReadValuesAsync(Topic));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_committed_outlives_a_restart_and_a_kill_and_what_is_open_does_not(bool isKilled)
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await using TransactionalProducer producer = Client.CreateTransactionalProducer(Name);
        await using (Transaction committed = await producer.BeginAsync())
        {
            await SendToBothAsync(committed, "committed");
            committed.SendOffsets(Group, [new TopicPartitionOffset(Topic, 1, 0)]);
            await committed.CommitAsync();
        }

        await using Transaction open = await producer.BeginAsync();
        await SendToBothAsync(open, "open");
        await EndAsync(isKilled);
        await Assert.ThrowsAsync<AbortTransactionException>(() => open.CommitAsync());

        await CommitToBothAsync(producer, "next");

        Assert.Equal(["committed", "next"], await ReadValuesAsync(Topic, partition: 0));
        Assert.Equal(["committed", "next"], await ReadValuesAsync(Topic, partition: 1));
        Assert.Equal(0, Assert.Single(await Client.Groups.FetchOffsetsAsync(Group)).Offset);
    }

    [Fact]
    public async Task A_transaction_that_is_open_for_too_long_comes_to_nothing()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        var options = new ProducerOptions { Name = Name, TransactionTimeout = TimeSpan.FromSeconds(2) };
        await using TransactionalProducer producer = Client.CreateTransactionalProducer(options);
        await using Transaction late = await producer.BeginAsync();
        await SendToBothAsync(late, "late");
        while ((await Client.Admin.ListTransactionsAsync()).FirstOrDefault(open => open.Producer == Name)?.RecordCount != 2)
        {
            await Task.Delay(1);
        }

        // The broker looks once a second.
        await Broker.PassTimeAsync(options.TransactionTimeout + TimeSpan.FromSeconds(1.5));

        await Assert.ThrowsAsync<AbortTransactionException>(() => late.CommitAsync());
        Assert.Empty(await ReadAsync(Topic));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_processor_makes_one_record_of_each_however_the_broker_ends_meanwhile(bool isKilled)
    {
        const int count = 1000;
        string output = Topic + "-out";
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await Client.Admin.CreateTopicAsync(output, partitionCount: 2);
        await using Producer producer = Client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024 });
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => SendAsync(producer, Topic, i % 2, $"{i}")));
        var options = new ProcessorOptions
        {
            Group = Group,
            Topic = Topic,
            Delivery = DeliveryMode.ExactlyOnce,
            StopAtEnd = true,
            CommitRecords = 100,
        };
        int handled = 0;
        await using (Processor processor = Client.CreateProcessor(options))
        {
            await processor.RunAsync(async (record, sink, token) =>
            {
                if (++handled is 300 or 700)
                {
                    await EndAsync(isKilled);
                }

                await sink.SendAsync(output, record.Key, record.Value, token);
            }).WaitAsync(Patience);
        }

        Assert.Equal(Enumerable.Range(0, count), (await ReadValuesAsync(output)).Select(value => int.Parse(value!)).Order());
    }

    public sealed class InMemory(InMemoryContractBroker broker) : TransactionContract(broker), IClassFixture<InMemoryContractBroker>;

    public sealed class InAProcess(ProcessContractBroker broker) : TransactionContract(broker), IClassFixture<ProcessContractBroker>;

    /// <summary>As often as it is told to begin again: a client that was told of the end may not know yet that the broker has started anew.</summary>
    private async Task CommitToBothAsync(TransactionalProducer producer, string value)
    {
        for (int attempt = 1; ; attempt++)
        {
            await using Transaction transaction = await producer.BeginAsync();
            try
            {
                await SendToBothAsync(transaction, value);
                await transaction.CommitAsync();
                return;
            }
            catch (AbortTransactionException) when (attempt < 3)
            {
                // Nothing of it was written.
            }
        }
    }

    private async Task SendToBothAsync(Transaction transaction, string value)
    {
        foreach (int partition in (int[])[0, 1])
        {
            await transaction.SendAsync(Records(Topic, value)[0] with { Partition = partition });
        }
    }
}
