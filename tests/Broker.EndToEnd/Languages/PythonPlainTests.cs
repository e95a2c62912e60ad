using System.Diagnostics;
using System.Text.Json;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Languages;

/// <summary>examples/python/broker_example.py against a real broker: plain calls.</summary>
public sealed class PythonPlainTests(PythonExample example) : IClassFixture<PythonExample>
{
    private const string Script = "broker_example.py";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [PythonFact]
    public async Task Records_that_python_appends_are_read_by_python_and_by_the_command()
    {
        string server = await example.ServerAsync();
        Assert.Equal(
            "topic 'notes' created: 2 partitions\n",
            (await example.SucceedAsync(Script, "", "create", "notes", "--partitions", "2", "--server", server)).Text);
        CliRun appended = await example.SucceedAsync(
            Script, "", "append", "notes", "first", "zweité", "--key", "me", "--header", "by=python", "--server", server);
        Assert.Equal("partition 1, offset 0 to 1\n", appended.Text);
        appended = await example.SucceedAsync(Script, "third\n\n", "append", "notes", "-", "--partition", "1", "--server", server);
        Assert.Equal("partition 1, offset 2 to 3\n", appended.Text);

        CliRun all = await example.SucceedAsync(Script, "", "read", "notes", "--server", server);
        Assert.Equal("1/0\tme\tfirst\n1/1\tme\tzweité\n1/2\t-\tthird\n1/3\t-\t\n", all.Text);
        CliRun some = await example.SucceedAsync(
            Script, "", "read", "notes", "--partition", "1", "--from", "1", "--count", "2", "--server", server);
        Assert.Equal("1/1\tme\tzweité\n1/2\t-\tthird\n", some.Text);
        Assert.Empty((await example.SucceedAsync(Script, "", "read", "notes", "--from", "2100-01-01T00:00:00Z", "--server", server)).Text);

        CliRun consumed = await CliRun.SucceedAsync("consume", "notes", "--exit-at-end", "-o", "json", "--server", server);
        Assert.Equal(["first", "zweité", "third", ""], consumed.Lines.Select(line => ConsumedLine.Parse(line).Value));
        JsonElement headers = JsonDocument.Parse(consumed.Lines[0]).RootElement.GetProperty("headers");
        Assert.Contains("python", headers.GetRawText(), StringComparison.Ordinal);
    }

    [PythonFact]
    public async Task What_goes_wrong_is_one_line_with_its_reason_and_an_exit_code()
    {
        string server = await example.ServerAsync();
        await example.SucceedAsync(Script, "", "create", "there", "--partitions", "1", "--server", server);
        string large = new('x', 1_200_000);

        await FailsAsync("[UNKNOWN_TOPIC_OR_PARTITION, definite, not retriable, topic=nots]", "", "append", "nots", "x", "--server", server);
        await FailsAsync("[UNKNOWN_TOPIC_OR_PARTITION, definite, not retriable, topic=nots]", "", "tail", "nots", "--server", server);
        await FailsAsync("[TOPIC_ALREADY_EXISTS, definite, not retriable, topic=there]", "", "create", "there", "--server", server);
        await FailsAsync("[INVALID_CONFIG, definite, not retriable, name=", "", "create", "new", "--config", "retentin.ms=1", "--server", server);
        await FailsAsync(
            "[OFFSET_OUT_OF_RANGE, definite, not retriable, high_watermark=0, log_start_offset=0, offset=7]",
            "", "read", "there", "--from", "7", "--server", server);
        await FailsAsync(
            "[MESSAGE_TOO_LARGE, definite, not retriable, limit_bytes=1048576, size_bytes=1200013]",
            large, "append", "there", "-", "--server", server);

        // Nobody listens on port 1.
        await FailsAsync("[UNAVAILABLE, not definite, retriable]", "", "append", "there", "x", "--server", "127.0.0.1:1");
        await FailsAsync("[UNAVAILABLE, not definite, retriable]", "", "tail", "there", "--server", "127.0.0.1:1");
        Assert.Equal(2, (await example.RunAsync(Script, "", "read", "there", "--from", "yesterday", "--server", server)).ExitCode);
    }

    [PythonFact]
    public async Task A_tail_shows_a_record_when_it_comes_also_when_the_broker_was_killed_in_between()
    {
        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "t", "--partitions", "2", "--server", broker.Server);
        await example.SucceedAsync(Script, "", "append", "t", "old", "--partition", "0", "--server", broker.Server);
        using Process tail = await example.StartAsync(Script, "tail", "t", "--from", "earliest", "--server", broker.Server);
        Assert.Equal("0/0\t-\told", await tail.StandardOutput.ReadLineAsync().WaitAsync(Patience));

        // Both partitions wait at the broker now, for 30 s: what comes earlier was not polled for.
        long appended = Stopwatch.GetTimestamp();
        await example.SucceedAsync(Script, "", "append", "t", "new", "--partition", "1", "--server", broker.Server);
        Assert.Equal("1/0\t-\tnew", await tail.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        Assert.InRange(Stopwatch.GetElapsedTime(appended), TimeSpan.Zero, TimeSpan.FromSeconds(15));

        await broker.KillAsync();
        string said = (await tail.StandardError.ReadLineAsync().WaitAsync(Patience))!;
        Assert.EndsWith("[UNAVAILABLE, not definite, retriable]; trying again", said, StringComparison.Ordinal);
        await broker.StartAsync();
        await example.SucceedAsync(Script, "", "append", "t", "later", "--partition", "0", "--server", broker.Server);
        Assert.Equal("0/1\t-\tlater", await tail.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        Assert.Equal($"{broker.Server} answers again", await tail.StandardError.ReadLineAsync().WaitAsync(Patience));

        Signals.Send(tail.Id, Signals.Interrupt);
        Assert.Equal("interrupted\n", await tail.StandardError.ReadToEndAsync().WaitAsync(Patience));
        await tail.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(130, tail.ExitCode);
    }

    private async Task FailsAsync(string facts, string input, params string[] arguments)
    {
        CliRun run = await example.RunAsync(Script, input, arguments);
        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(facts, line, StringComparison.Ordinal);
        Assert.Empty(run.Text);
    }
}
