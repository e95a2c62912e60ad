using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Commits;

/// <summary>A commit that the broker carried out and whose answer never came to its client.</summary>
public sealed class LostCommitTests
{
    [Fact]
    public async Task Is_found_again_when_only_the_connection_broke()
    {
        await CommitWithoutAnswerAsync((_, relay) =>
        {
            Assert.True(relay.Reset() > 0);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Is_found_again_by_the_next_run_of_the_broker()
    {
        await CommitWithoutAnswerAsync(async (broker, _) =>
        {
            await broker.KillAsync();
            await broker.StartAsync();
        });
    }

    [Fact]
    public async Task Is_in_doubt_while_nobody_can_be_asked_and_is_found_again_later()
    {
        await using BrokerProcess broker = BrokerProcess.Temporary();
        await using TcpRelay relay = await StartAsync(broker);
        await using var client = new BrokerClient(relay.Address);
        await using TransactionalProducer producer = client.CreateTransactionalProducer(
            new ProducerOptions { Name = "p", DeliveryTimeout = TimeSpan.FromSeconds(2) });
        await using Transaction transaction = await producer.BeginAsync();
        Task<TransactionResult> committing = await CommitHeldAsync(transaction, broker, relay);
        await broker.KillAsync();
        BrokerException unknown = await Assert.ThrowsAnyAsync<BrokerException>(() => committing);
        Assert.False(unknown.IsDefinite, unknown.ToString());
        await Assert.ThrowsAnyAsync<BrokerException>(() => transaction.CommitAsync());

        relay.PassAnswers();
        await broker.StartAsync();
        TransactionResult result = await transaction.CommitAsync();
        Assert.Equal(2, result.Partitions.Count);
        Assert.Equal(["once", "once"], await ReadAsync(broker));
    }

    [Fact]
    public async Task Is_in_doubt_and_not_refused_when_another_instance_has_committed_since()
    {
        await using BrokerProcess broker = BrokerProcess.Temporary();
        await using TcpRelay relay = await StartAsync(broker);
        await using var client = new BrokerClient(relay.Address);
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using Transaction transaction = await producer.BeginAsync();
        Task<TransactionResult> committing = await CommitHeldAsync(transaction, broker, relay);
        await using var direct = new BrokerClient(broker.Server);
        await using TransactionalProducer other = direct.CreateTransactionalProducer("p");
        await using Transaction later = await other.BeginAsync();
        await SendAsync(later, "later");
        await later.CommitAsync();
        Assert.True(relay.Reset() > 0);
        relay.PassAnswers();

        BrokerException unknown = await Assert.ThrowsAnyAsync<BrokerException>(() => committing);
        Assert.Equal((ErrorReasons.InvalidProducerEpoch, false), (unknown.Reason, unknown.IsDefinite));
        Assert.Equal(["later", "later", "once", "once"], await ReadAsync(broker));
    }

    private static async Task CommitWithoutAnswerAsync(Func<BrokerProcess, TcpRelay, Task> breakOff)
    {
        await using BrokerProcess broker = BrokerProcess.Temporary();
        await using TcpRelay relay = await StartAsync(broker);
        await using var client = new BrokerClient(relay.Address);
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using (Transaction before = await producer.BeginAsync())
        {
            await SendAsync(before, "before");
            await before.CommitAsync();
        }

        await using Transaction transaction = await producer.BeginAsync();
        Task<TransactionResult> committing = await CommitHeldAsync(transaction, broker, relay);
        await breakOff(broker, relay);
        relay.PassAnswers();
        TransactionResult result = await committing;

        Assert.Equal([(0, 1L, 1L), (1, 1, 1)], result.Partitions.OrderBy(p => p.Partition).Select(p => (p.Partition, p.BaseOffset, p.RecordCount)));
        Assert.Equal(["before", "before", "once", "once"], await ReadAsync(broker));
    }

    /// <summary>A broker with a topic, behind a relay.</summary>
    private static async Task<TcpRelay> StartAsync(BrokerProcess broker)
    {
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("t", partitionCount: 2);
        return new TcpRelay(broker.Server);
    }

    /// <summary>Commits two records, and sees that the broker has done it and its answer is held back.</summary>
    private static async Task<Task<TransactionResult>> CommitHeldAsync(Transaction transaction, BrokerProcess broker, TcpRelay relay)
    {
        // The first record has the topic looked up.
        await SendAsync(transaction, "once", partition: 0);
        await relay.HoldAnswersAsync();
        await SendAsync(transaction, "once", partition: 1);
        Task<TransactionResult> committing = transaction.CommitAsync();
        while (!(await ReadAsync(broker)).Contains("once"))
        {
            await Task.Delay(10);
        }

        Assert.False(committing.IsCompleted);
        return committing;
    }

    private static async Task SendAsync(Transaction transaction, string value)
    {
        await SendAsync(transaction, value, partition: 0);
        await SendAsync(transaction, value, partition: 1);
    }

    private static ValueTask SendAsync(Transaction transaction, string value, int partition) => transaction.SendAsync(
        new ProducerRecord { Topic = "t", Partition = partition, Value = System.Text.Encoding.UTF8.GetBytes(value) });

    /// <summary>Past the relay.</summary>
    private static async Task<List<string>> ReadAsync(BrokerProcess broker)
    {
        await using var client = new BrokerClient(broker.Server);
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        var values = new List<string>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            values.Add(record.ValueText!);
        }

        values.Sort(StringComparer.Ordinal);
        return values;
    }
}
