using System.Text.Json;
using Broker.Client;

namespace Broker.Tests.Cli;

public sealed class TransactionCommandTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task An_open_transaction_is_listed_described_and_aborted_and_its_producer_is_told()
    {
        string topic = await broker.CreateTopicAsync(partitions: 2);
        await using var client = new BrokerClient(broker.Server);
        await using TransactionalProducer producer = client.CreateTransactionalProducer("payments-1");
        await using (Transaction committed = await producer.BeginAsync())
        {
            await committed.SendAsync(new ProducerRecord { Topic = topic, Partition = 1, Value = "a"u8.ToArray() });
            await committed.CommitAsync();
        }

        await using Transaction open = await producer.BeginAsync();
        await open.SendAsync(new ProducerRecord { Topic = topic, Partition = 0, Value = "b"u8.ToArray() });
        JsonElement listed = default;
        for (int attempt = 0; attempt < 200 && (listed.ValueKind == JsonValueKind.Undefined || listed.GetArrayLength() == 0); attempt++)
        {
            // Its first batch begins it, and travels by itself.
            listed = await JsonAsync("txn", "list", "-o", "json");
        }

        Assert.Equal(("payments-1", 2, 1), Facts(Assert.Single(listed.EnumerateArray())));
        Assert.Contains("payments-1", (await new CliSession(broker.Server).RunAsync("txn", "list")).Output, StringComparison.Ordinal);

        JsonElement described = await JsonAsync("txn", "describe", "payments-1", "-o", "json");
        Assert.Equal(("payments-1", 2, 1), Facts(described.GetProperty("open")));
        Assert.Equal(0, Assert.Single(described.GetProperty("staged").EnumerateArray()).GetProperty("partition").GetInt32());
        JsonElement place = Assert.Single(described.GetProperty("last_commit").GetProperty("partitions").EnumerateArray());
        Assert.Equal((topic, 1, 0), (place.GetProperty("topic").GetString(), place.GetProperty("partition").GetInt32(), place.GetProperty("base_offset").GetInt32()));

        Assert.Equal(2, (await new CliSession(broker.Server).RunAsync("txn", "abort", "payments-1")).ExitCode);
        CliSession aborted = await new CliSession(broker.Server).RunAsync("txn", "abort", "payments-1", "--yes");
        Assert.Equal((0, "transaction 2 of payments-1 aborted\n"), (aborted.ExitCode, aborted.Output));
        Assert.Equal("payments-1 has no transaction open\n", (await new CliSession(broker.Server).RunAsync("txn", "abort", "payments-1", "--yes")).Output);
        AbortTransactionException told = await Assert.ThrowsAsync<AbortTransactionException>(() => open.CommitAsync());
        Assert.Contains("an operator aborted it", told.Message, StringComparison.Ordinal);
    }

    private static (string?, int, int) Facts(JsonElement open) =>
        (open.GetProperty("producer").GetString(), open.GetProperty("number").GetInt32(), open.GetProperty("records").GetInt32());

    private async Task<JsonElement> JsonAsync(params string[] arguments) =>
        JsonDocument.Parse((await new CliSession(broker.Server).RunAsync(arguments)).Output).RootElement;
}
