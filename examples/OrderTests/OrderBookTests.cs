// Tests of a service against a broker in memory:  dotnet test examples/OrderTests
using Broker.Client;
using Broker.Client.Testing;

namespace OrderTests;

/// <summary>Each test has a broker of its own, which starts in milliseconds.</summary>
public sealed class OrderBookTests
{
    [Fact]
    public async Task Orders_of_a_customer_add_up()
    {
        await using InMemoryBroker broker = await StartAsync();
        await using BrokerClient client = broker.CreateClient();
        await using var orders = new OrderBook(client);
        await orders.PlaceAsync("ann", 10.50m);
        await orders.PlaceAsync("bob", 3);
        await orders.PlaceAsync("ann", 20);

        Assert.Equal(30.50m, await orders.TotalOfAsync("ann"));
        Assert.Equal(0, await orders.TotalOfAsync("nobody"));
    }

    [Fact]
    public async Task An_order_that_was_placed_outlives_a_power_cut()
    {
        await using InMemoryBroker broker = await StartAsync();
        await using BrokerClient client = broker.CreateClient();
        await using var orders = new OrderBook(client);
        await orders.PlaceAsync("ann", 10);
        await broker.CrashAsync();

        Assert.Equal(10, await orders.TotalOfAsync("ann"));
    }

    [Fact]
    public async Task An_order_is_placed_once_whatever_happens_to_the_broker_meanwhile()
    {
        await using InMemoryBroker broker = await StartAsync();
        await using BrokerClient client = broker.CreateClient();
        await using var orders = new OrderBook(client);
        Task[] placing = [.. Enumerable.Range(0, 100).Select(_ => orders.PlaceAsync("ann", 1))];
        await broker.CrashAsync();
        await broker.RestartAsync();
        await Task.WhenAll(placing);

        Assert.Equal(100, await orders.TotalOfAsync("ann"));
    }

    [Fact]
    public async Task Orders_count_for_a_week()
    {
        await using InMemoryBroker broker = await StartAsync();
        await using BrokerClient client = broker.CreateClient();
        await using var orders = new OrderBook(client);
        await orders.PlaceAsync("ann", 10);
        broker.Time.Advance(TimeSpan.FromDays(6));
        Assert.Equal(10, await orders.TotalOfAsync("ann"));

        broker.Time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(0, await orders.TotalOfAsync("ann"));
    }

    private static Task<InMemoryBroker> StartAsync() =>
        InMemoryBroker.StartAsync(new InMemoryBrokerOptions { Topics = { ["orders"] = 4 } });
}
