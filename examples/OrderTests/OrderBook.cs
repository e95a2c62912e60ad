using System.Globalization;
using Broker.Client;

namespace OrderTests;

/// <summary>What is tested: takes orders, and tells what a customer has ordered in all. The topic is all that it knows.</summary>
internal sealed class OrderBook(BrokerClient client) : IAsyncDisposable
{
    private readonly Producer _producer = client.CreateProducer();

    /// <summary>Completes when the order is on disk.</summary>
    public async Task PlaceAsync(string customer, decimal total) =>
        await _producer.SendAsync("orders", customer, total.ToString(CultureInfo.InvariantCulture));

    /// <summary>Of the orders that are still kept.</summary>
    public async Task<decimal> TotalOfAsync(string customer)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "orders", StopAtEnd = true });
        decimal total = 0;
        await foreach (ConsumedRecord order in consumer.ReadAllAsync())
        {
            total += order.KeyText == customer ? decimal.Parse(order.ValueText!, CultureInfo.InvariantCulture) : 0;
        }

        return total;
    }

    public ValueTask DisposeAsync() => _producer.DisposeAsync();
}
