using Broker.Client;
using Broker.Tests.Server;

namespace Broker.Tests.Client;

/// <summary>Processors against the broker itself, in this process.</summary>
public sealed class ProcessorTests
{
    private const int Records = 2_000;

    [Theory]
    [InlineData(DeliveryMode.AtMostOnce)]
    [InlineData(DeliveryMode.AtLeastOnce)]
    [InlineData(DeliveryMode.ExactlyOnce)]
    public async Task Every_record_is_handled_once_when_nothing_fails_and_the_next_run_goes_on_behind_them(DeliveryMode mode)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await FilledAsync(broker);
        await RunAsync(client, mode, (record, output, token) => output.SendAsync("out", record.Key, record.Value, token));
        await SendAsync(client, from: Records, count: 100);
        int handled = 0;
        await RunAsync(client, mode, (record, output, token) =>
        {
            handled++;
            return output.SendAsync("out", record.Key, record.Value, token);
        });

        Assert.Equal(100, handled);
        Assert.Equal(Enumerable.Range(0, Records + 100), (await ReadAsync(client, "out")).Order());
    }

    [Theory]
    [InlineData(DeliveryMode.AtMostOnce)]
    [InlineData(DeliveryMode.AtLeastOnce)]
    [InlineData(DeliveryMode.ExactlyOnce)]
    public async Task A_handler_that_fails_in_the_middle_loses_repeats_or_neither_as_its_mode_says(DeliveryMode mode)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await FilledAsync(broker);
        int calls = 0;
        await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(client, mode, (record, output, token) =>
            ++calls == Records / 2 ? throw new InvalidDataException("as asked") : output.SendAsync("out", record.Key, record.Value, token)));
        await RunAsync(client, mode, (record, output, token) => output.SendAsync("out", record.Key, record.Value, token));

        List<int> written = await ReadAsync(client, "out");
        int distinct = written.Distinct().Count();
        Assert.Equal(
            (mode != DeliveryMode.AtMostOnce, mode != DeliveryMode.AtLeastOnce),
            (distinct == Records, distinct == written.Count));
    }

    [Fact]
    public async Task A_restart_of_the_broker_in_the_middle_costs_exactly_once_nothing()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await FilledAsync(broker);
        int calls = 0;
        await RunAsync(client, DeliveryMode.ExactlyOnce, async (record, output, token) =>
        {
            if (++calls is 300 or 900)
            {
                await broker.RestartAsync();
            }

            await output.SendAsync("out", record.Key, record.Value, token);
        });
        Assert.Equal(Enumerable.Range(0, Records), (await ReadAsync(client, "out")).Order());
    }

    [Fact]
    public async Task A_transaction_that_is_aborted_while_no_more_is_there_to_be_read_is_begun_again()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await FilledAsync(broker);
        await using Processor processor = client.CreateProcessor(
            new ProcessorOptions { Group = "g", Topic = "in", Delivery = DeliveryMode.ExactlyOnce, CommitInterval = TimeSpan.FromMinutes(1) });
        using var stopping = new CancellationTokenSource();
        int calls = 0;
        Task running = processor.RunAsync(
            async (record, output, token) =>
            {
                await output.SendAsync("out", record.Key, record.Value, token);
                while (++calls == Records && !await client.Admin.AbortTransactionAsync("g", token))
                {
                    calls--;
                }
            },
            stopping.Token);
        while (!running.IsCompleted && (await ReadAsync(client, "out")).Count < Records)
        {
            await Task.Delay(10);
        }

        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.True(calls > Records, "Nothing was handled again.");
        Assert.Equal(Enumerable.Range(0, Records), (await ReadAsync(client, "out")).Order());
    }

    [Fact]
    public async Task A_second_instance_stops_the_first_and_nothing_is_written_twice()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using BrokerClient client = await FilledAsync(broker);
        var isHalfWay = new TaskCompletionSource();
        var hasSuccessor = new TaskCompletionSource();
        int calls = 0;
        Task first = RunAsync(client, DeliveryMode.ExactlyOnce, async (record, output, token) =>
        {
            if (++calls == Records / 2)
            {
                isHalfWay.SetResult();
                await hasSuccessor.Task;
            }

            await output.SendAsync("out", record.Key, record.Value, token);
        });
        await isHalfWay.Task;
        await RunAsync(client, DeliveryMode.ExactlyOnce, (record, output, token) => output.SendAsync("out", record.Key, record.Value, token));
        hasSuccessor.SetResult();

        await Assert.ThrowsAsync<FatalException>(() => first);
        Assert.Equal(Enumerable.Range(0, Records), (await ReadAsync(client, "out")).Order());
    }

    [Fact]
    public void Without_a_choice_of_delivery_there_is_no_processor()
    {
        using var client = new DisposedWith(new BrokerClient("127.0.0.1:1"));
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => client.Client.CreateProcessor(new ProcessorOptions { Group = "g", Topic = "t", Delivery = default }));
        Assert.Contains("AtMostOnce, AtLeastOnce or ExactlyOnce", refused.Message, StringComparison.Ordinal);
    }

    private static async Task RunAsync(
        BrokerClient client, DeliveryMode mode, Func<ConsumedRecord, ProcessorOutput, CancellationToken, ValueTask> handler)
    {
        await using Processor processor = client.CreateProcessor(new ProcessorOptions
        {
            Group = "g",
            Topic = "in",
            Delivery = mode,
            StopAtEnd = true,
            CommitRecords = 200,
        });
        await processor.RunAsync(handler);
    }

    private static async Task<BrokerClient> FilledAsync(TestBroker broker)
    {
        var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("in", partitionCount: 2);
        await client.Admin.CreateTopicAsync("out", partitionCount: 2);
        await SendAsync(client, from: 0, Records);
        return client;
    }

    private static async Task SendAsync(BrokerClient client, int from, int count)
    {
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024 });
        List<Task> sends = [];
        for (int i = from; i < from + count; i++)
        {
            sends.Add(producer.SendAsync("in", $"k{i}", $"{i}").AsTask());
        }

        await Task.WhenAll(sends);
    }

    private static async Task<List<int>> ReadAsync(BrokerClient client, string topic)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = topic, StopAtEnd = true });
        var values = new List<int>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            values.Add(int.Parse(record.ValueText!));
        }

        return values;
    }

    private sealed record DisposedWith(BrokerClient Client) : IDisposable
    {
        public void Dispose() => Client.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
