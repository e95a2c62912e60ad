using System.Text.Json;

namespace Broker.Tests.Cli;

public sealed class TopicCommandTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task A_topic_can_be_made_listed_described_changed_and_deleted()
    {
        CliSession created = await new CliSession(broker.Server).SucceedAsync("topic", "create", "life", "--config", "retention.ms=1d");
        Assert.Equal("topic 'life' created: 4 partitions, retention.ms=86400000\n", created.Output);
        Assert.Contains("life ", (await new CliSession(broker.Server).SucceedAsync("topic", "list")).Output, StringComparison.Ordinal);

        await new CliSession(broker.Server).SucceedAsync("topic", "add-partitions", "life", "--partitions", "6");
        await new CliSession(broker.Server).SucceedAsync("topic", "alter", "life", "--config", "segment.bytes=2097152", "--unset", "retention.ms");
        JsonElement described = await JsonAsync("topic", "describe", "life", "-o", "json");
        Assert.Equal(6, described.GetProperty("partitions").GetArrayLength());
        Assert.Equal("online", described.GetProperty("partitions")[5].GetProperty("state").GetString());
        Assert.Equal("{\"segment.bytes\":\"2097152\"}", JsonSerializer.Serialize(described.GetProperty("config")));

        await new CliSession(broker.Server).SucceedAsync("topic", "delete", "life", "--yes");
        Assert.DoesNotContain(
            "life",
            (await JsonAsync("topic", "list", "-o", "json")).EnumerateArray().Select(topic => topic.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_description_for_people_names_every_partition_and_setting()
    {
        string topic = await broker.CreateTopicAsync(partitions: 2);
        await broker.ProduceAsync(topic, "a record\n");
        CliSession plain = await new CliSession(broker.Server).SucceedAsync("topic", "describe", topic);
        Assert.Contains("PARTITION", plain.Output, StringComparison.Ordinal);
        Assert.Contains("retention.ms", plain.Output, StringComparison.Ordinal);
        CliSession ruled = await new CliSession(broker.Server) { IsTerminal = true }.SucceedAsync("topic", "describe", topic);
        Assert.Contains("Partition", ruled.Output, StringComparison.Ordinal);
        Assert.Contains("╭", ruled.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trimming_deletes_the_records_before_a_place()
    {
        string topic = await broker.CreateTopicAsync();
        for (int number = 0; number < 3; number++)
        {
            await broker.ProduceAsync(topic, $"{number}\n");
        }

        await new CliSession(broker.Server).FailAsync(2, ["topic", "trim", topic, "--before", "2"], "--yes");
        JsonElement trimmed = await JsonAsync("topic", "trim", topic, "--before", "2", "--yes", "-o", "json");
        Assert.Equal(2, trimmed[0].GetProperty("log_start_offset").GetInt64());
        Assert.Equal(["2"], (await broker.ConsumeAsync(topic)).Lines);
        await new CliSession(broker.Server).FailAsync(1, ["topic", "trim", topic, "--before", "4", "--yes"], "4");
    }

    [Fact]
    public async Task Deleting_asks_on_a_terminal_and_refuses_where_it_cannot_ask()
    {
        string topic = await broker.CreateTopicAsync();
        await broker.ProduceAsync(topic, "precious\n");
        await new CliSession(broker.Server).FailAsync(2, ["topic", "delete", topic], "add --yes");

        foreach (string answer in (string[])["n\n", "\n", ""])
        {
            var refused = new CliSession(broker.Server) { IsTerminal = true, In = CliSession.Text(answer) };
            await refused.RunAsync("topic", "delete", topic);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains($"Delete topic '{topic}' with 1 record for good? [y/N]", refused.Error, StringComparison.Ordinal);
            Assert.Contains("nothing was deleted", refused.Error, StringComparison.Ordinal);
        }

        var agreed = new CliSession(broker.Server) { IsTerminal = true, In = CliSession.Text("yes\n") };
        await agreed.RunAsync("topic", "delete", topic);
        Assert.Equal(0, agreed.ExitCode);
        await new CliSession(broker.Server).FailAsync(1, ["topic", "describe", topic], topic);
    }

    [Theory]
    [InlineData("describe")]
    [InlineData("alter", "--config", "retention.ms=1000")]
    [InlineData("add-partitions", "--partitions", "9")]
    [InlineData("trim", "--before", "0", "--yes")]
    [InlineData("delete", "--yes")]
    public async Task An_unknown_topic_is_named_with_the_command_that_would_make_it(string verb, params string[] options)
    {
        await new CliSession(broker.Server).FailAsync(1, ["topic", verb, "nowhere", .. options], "\"nowhere\"", "broker topic create nowhere");
    }

    [Theory]
    [InlineData("produce")]
    [InlineData("consume")]
    public async Task Neither_producing_nor_consuming_makes_a_topic_by_accident(string verb)
    {
        await new CliSession(broker.Server).FailAsync(1, [verb, "typo"], "\"typo\"", "broker topic create typo");
    }

    [Theory]
    [InlineData("topic", "describe")]
    [InlineData("topic", "delete", "--yes")]
    [InlineData("produce")]
    [InlineData("consume")]
    public async Task A_name_mistyped_is_answered_with_the_one_that_was_meant(params string[] command)
    {
        string meant = $"invoices-{command[^1]}";
        await new CliSession(broker.Server).SucceedAsync("topic", "create", meant);
        await new CliSession(broker.Server).FailAsync(
            1, [.. command, meant.Replace("oi", "io", StringComparison.Ordinal)], $"Did you mean \"{meant}\"?");
    }

    [Theory]
    [InlineData("../x", "\"/\"")]
    [InlineData("", "empty")]
    [InlineData("a b", "\" \"")]
    [InlineData("..", "..")]
    public async Task A_bad_topic_name_is_refused_with_the_reason(string name, string reason)
    {
        await new CliSession(broker.Server).FailAsync(1, ["topic", "create", name], reason);
    }

    [Fact]
    public async Task A_topic_name_of_300_characters_is_refused_with_both_lengths()
    {
        await new CliSession(broker.Server).FailAsync(1, ["topic", "create", new string('a', 300)], "300", "249");
    }

    [Fact]
    public async Task What_cannot_be_made_is_said_in_one_line()
    {
        string topic = await broker.CreateTopicAsync();
        await new CliSession(broker.Server).FailAsync(1, ["topic", "create", topic], "already exists");
        await new CliSession(broker.Server).FailAsync(1, ["topic", "create", "new", "--config", "retention.sm=1"], "retention.sm", "retention.ms");
        await new CliSession(broker.Server).FailAsync(1, ["topic", "create", "new", "--config", "retention.ms=long"], "retention.ms", "long", "7d");
        await new CliSession(broker.Server).FailAsync(1, ["topic", "create", "new", "--partitions", "100000"], "100000");
        await new CliSession(broker.Server).FailAsync(1, ["topic", "add-partitions", topic, "--partitions", "1"], "1");
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments) =>
        JsonDocument.Parse((await new CliSession(broker.Server).SucceedAsync(arguments)).Output).RootElement;
}
