using System.Text.Json;
using Broker.Client;

namespace Broker.Tests.Cli;

public sealed class ProducerCommandTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task A_named_producer_is_listed_described_and_deleted()
    {
        string topic = await broker.CreateTopicAsync(partitions: 2);
        await using var client = new BrokerClient(broker.Server);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { Name = "importer" }))
        {
            await producer.SendAsync(new ProducerRecord { Topic = topic, Partition = 1, Value = "a"u8.ToArray() });
            await producer.SendAsync(new ProducerRecord { Topic = topic, Partition = 1, Value = "b"u8.ToArray() });
        }

        Assert.Contains("importer", (await new CliSession(broker.Server).RunAsync("producer", "list")).Output, StringComparison.Ordinal);
        JsonElement listed = JsonDocument.Parse((await new CliSession(broker.Server).RunAsync("producer", "list", "-o", "json")).Output).RootElement;
        Assert.Equal("importer", Assert.Single(listed.EnumerateArray()).GetProperty("name").GetString());
        JsonElement described = JsonDocument.Parse((await new CliSession(broker.Server).RunAsync("producer", "describe", "importer", "-o", "json")).Output).RootElement;
        JsonElement position = Assert.Single(described.GetProperty("positions").EnumerateArray());
        Assert.Equal((1, 2, 1), (position.GetProperty("partition").GetInt32(), position.GetProperty("records").GetInt32(), position.GetProperty("last_offset").GetInt32()));
        Assert.Contains(topic, (await new CliSession(broker.Server).RunAsync("producer", "describe", "importer")).Output, StringComparison.Ordinal);

        CliSession unsure = await new CliSession(broker.Server).RunAsync("producer", "delete", "importer");
        Assert.Equal(2, unsure.ExitCode);
        CliSession deleted = await new CliSession(broker.Server).RunAsync("producer", "delete", "importer", "--yes");
        Assert.Equal((0, "producer 'importer' deleted\n"), (deleted.ExitCode, deleted.Output));
        CliSession gone = await new CliSession(broker.Server).RunAsync("producer", "describe", "importer");
        Assert.Equal((1, "error: No producer has the name importer."), (gone.ExitCode, gone.ErrorLine));
    }

    [Theory]
    [InlineData]
    [InlineData("importer", "--id", "1")]
    public async Task One_producer_is_to_be_named(params string[] choice)
    {
        CliSession refused = await new CliSession(broker.Server).RunAsync(["producer", "describe", .. choice]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("Name one producer: NAME, or --id ID", refused.ErrorLine, StringComparison.Ordinal);
    }
}
