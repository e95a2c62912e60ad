using System.Text;
using Broker.Client;

namespace Broker.EndToEnd.Contract;

/// <summary>
/// What a client is promised, whatever it is connected to. Each subject is a class of facts that is run against a broker in memory and
/// against one in a process of its own; each fact has a topic, a client and names of its own on the broker that all of them share.
/// </summary>
public abstract class ClientContract(IContractBroker broker) : IAsyncLifetime
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int _count;

    /// <summary>Names nothing yet. A fact that needs more names appends to it.</summary>
    protected string Topic { get; } = $"contract-{Interlocked.Increment(ref _count)}";

    protected IContractBroker Broker => broker;

    protected BrokerClient Client { get; } = broker.CreateClient();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Client.DisposeAsync();

    protected Task EndAsync(bool isKilled) => isKilled ? Broker.KillAsync() : Broker.RestartAsync();

    protected static ProducerRecord[] Records(string topic, params IEnumerable<string> values) =>
        [.. values.Select(value => new ProducerRecord { Topic = topic, Value = Encoding.UTF8.GetBytes(value) })];

    protected static async Task<RecordMetadata> SendAsync(Producer producer, string topic, int partition, string value) =>
        await producer.SendAsync(new ProducerRecord { Topic = topic, Partition = partition, Value = Encoding.UTF8.GetBytes(value) });

    /// <summary>All that a topic, or one partition of it, holds now, from a place on.</summary>
    protected async Task<List<ConsumedRecord>> ReadAsync(string topic, StartAt from = default, int? partition = null)
    {
        var options = new ConsumerOptions { Topic = topic, From = from, StopAtEnd = true, Partitions = partition is { } one ? [one] : null };
        await using Consumer consumer = Client.CreateConsumer(options);
        return await consumer.ReadAllAsync().ToListAsync().AsTask().WaitAsync(Patience);
    }

    /// <summary>Values alone.</summary>
    protected async Task<List<string?>> ReadValuesAsync(string topic, StartAt from = default, int? partition = null) =>
        [.. (await ReadAsync(topic, from, partition)).Select(record => record.ValueText)];
}
