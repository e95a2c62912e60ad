using Broker.Client;
using Broker.Checker.Histories;
using LogName = Broker.EndToEnd.Faults.LogName;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What the clients of one section of a run read and write. A partition's place among all is its key in the history.</summary>
internal sealed class HistoryTopics(int section)
{
    private const int OrdersPartitions = 3, OtherPartitions = 2;

    /// <summary>Filled by producers and transactions; each partition is processed by one client.</summary>
    public string Orders { get; } = $"orders-{section}";

    /// <summary>Written by transactions together with orders.</summary>
    public string Payments { get; } = $"payments-{section}";

    /// <summary>What is made from orders, one from each.</summary>
    public string Shipments { get; } = $"shipments-{section}";

    public IReadOnlyList<LogName> Logs =>
    [
        .. Enumerable.Range(0, OrdersPartitions).Select(partition => new LogName(Orders, partition)),
        .. Enumerable.Range(0, OtherPartitions).Select(partition => new LogName(Payments, partition)),
        .. Enumerable.Range(0, OtherPartitions).Select(partition => new LogName(Shipments, partition)),
    ];

    public string[] All => [Orders, Payments, Shipments];

    /// <summary>Keys of what transactions write.</summary>
    public int[] Inputs => [.. Logs.Index().Where(log => log.Item.Topic != Shipments).Select(log => log.Index)];

    public HistoryHeader Header(long seed) => new() { Seed = seed, Names = Logs.Index().ToDictionary(log => log.Index, log => log.Item.ToString()) };

    public int KeyOf(string topic, int partition) =>
        topic == Orders ? partition : topic == Payments ? OrdersPartitions + partition : OrdersPartitions + OtherPartitions + partition;

    public async Task CreateAsync(BrokerClient client)
    {
        foreach (IGrouping<string, LogName> topic in Logs.GroupBy(log => log.Topic))
        {
            await client.Admin.CreateTopicAsync(topic.Key, topic.Count());
        }
    }
}
