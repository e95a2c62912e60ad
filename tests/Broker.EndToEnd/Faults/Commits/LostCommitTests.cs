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

    private static async Task CommitWithoutAnswerAsync(Func<BrokerProcess, TcpRelay, Task> breakOff)
    {
        await using BrokerProcess broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await using var relay = new TcpRelay(broker.Server);
        await using var client = new BrokerClient(relay.Address);
        await client.Admin.CreateTopicAsync("t", partitionCount: 2);
        await using TransactionalProducer producer = client.CreateTransactionalProducer("p");
        await using (Transaction before = await producer.BeginAsync())
        {
            await SendAsync(before, "before");
            await before.CommitAsync();
        }

        await using Transaction transaction = await producer.BeginAsync();
        await relay.HoldAnswersAsync();
        await SendAsync(transaction, "once");
        Task<TransactionResult> committing = transaction.CommitAsync();
        while ((await ReadAsync(broker)).Count < 4)
        {
            await Task.Delay(10);
        }

        Assert.False(committing.IsCompleted);
        await breakOff(broker, relay);
        relay.PassAnswers();
        TransactionResult result = await committing;

        Assert.Equal([(0, 1L, 1L), (1, 1, 1)], result.Partitions.OrderBy(p => p.Partition).Select(p => (p.Partition, p.BaseOffset, p.RecordCount)));
        Assert.Equal(["before", "before", "once", "once"], await ReadAsync(broker));
    }

    private static async Task SendAsync(Transaction transaction, string value)
    {
        for (int partition = 0; partition < 2; partition++)
        {
            await transaction.SendAsync(new ProducerRecord { Topic = "t", Partition = partition, Value = System.Text.Encoding.UTF8.GetBytes(value) });
        }
    }

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
