using System.Diagnostics;
using System.Text.RegularExpressions;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Languages;

/// <summary>
/// examples/python/stream_client.py against a real broker. It was written from docs/protocol.md and docs/format.md alone: what
/// it cannot do, they do not say.
/// </summary>
public sealed partial class PythonStreamTests(PythonExample example) : IClassFixture<PythonExample>
{
    private const string Script = "stream_client.py";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PythonFact]
    public async Task Python_finds_damage_in_a_batch_and_reads_the_batches_of_all_codecs() =>
        Assert.Contains("\nOK", (await example.SucceedAsync("-m", "", "unittest")).Error, StringComparison.Ordinal);

    [PythonFact]
    public async Task A_batch_that_is_sent_again_is_a_duplicate_with_the_offset_it_got_first()
    {
        string server = await example.ServerAsync();
        string[] lines = await SampleData.LinesAsync("flights-20k.ndjson");
        await CliRun.SucceedAsync("topic", "create", "python", "--partitions", "4", "--server", server);
        CliRun produced = await example.SucceedAsync(
            Script, string.Join('\n', lines) + "\n", "produce", "python", "--key-field", "origin", "--resend", "--server", server);
        Match[] acks = [.. produced.Lines.Select(line => Ack().Match(line))];
        Assert.All(acks, ack => Assert.True(ack.Success));
        ILookup<bool, string> offsets = acks.ToLookup(ack => ack.Groups["again"].Success, ack => ack.Groups["place"].Value);
        Assert.Equal(20, offsets[true].Count());
        Assert.Equal(offsets[false].TakeLast(20), offsets[true]);
        Assert.Equal(acks.Length - 20, offsets[false].Distinct().Count());

        // Each once, in the order of each key, and in the partition where the .NET client puts the key.
        await CliRun.SucceedAsync("topic", "create", "dotnet", "--partitions", "4", "--server", server);
        await CliRun.SucceedAsync(
            "produce", "dotnet", "--file", SampleData.PathOf("flights-20k.ndjson"), "--key-field", "origin", "--server", server);
        Assert.Equal(await ConsumeAsync("dotnet", server), await ConsumeAsync("python", server));
    }

    [PythonFact]
    public async Task A_fetch_by_python_gets_what_dotnet_wrote_in_every_codec_with_little_credit()
    {
        string server = await example.ServerAsync();
        string[] lines = await SampleData.LinesAsync("flights-20k.ndjson");
        await CliRun.SucceedAsync("topic", "create", "codecs", "--partitions", "2", "--server", server);
        foreach (string codec in (string[])["none", "lz4", "zstd"])
        {
            await CliRun.SucceedAsync(
                "produce", "codecs", "--file", SampleData.PathOf("flights-20k.ndjson"), "--key-field", "origin", "--compression", codec,
                "--server", server);
        }

        CliRun fetched = await example.SucceedAsync(Script, "", "fetch", "codecs", "--exit-at-end", "--credit", "65536", "--server", server);
        Assert.Equal(
            lines.Concat(lines).Concat(lines).Order(StringComparer.Ordinal), fetched.Lines.Order(StringComparer.Ordinal));

        // From within a batch on: what is before it there is left out.
        CliRun tail = await example.SucceedAsync(
            Script, "", "fetch", "codecs", "--partition", "1", "--from", "11", "--count", "5", "--server", server);
        ConsumedLine[] same = await ConsumeAsync("codecs", server);
        Assert.Equal(same.Where(record => record is { Partition: 1, Offset: >= 11 and < 16 }).Select(record => record.Value), tail.Lines);
    }

    [PythonFact]
    public async Task Each_line_is_written_once_by_python_and_followed_by_python_over_kills_of_the_broker()
    {
        string[] lines = await SampleData.LinesAsync("flights-20k.ndjson");
        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "kills", "--partitions", "4", "--server", broker.Server);
        using Process fetch = await example.StartAsync(Script, "fetch", "kills", "--count", "20000", "--server", broker.Server);
        Task<string> followed = fetch.StandardOutput.ReadToEndAsync();
        Task<string> trouble = fetch.StandardError.ReadToEndAsync();
        using Process produce = await example.StartAsync(
            Script, "produce", "kills", "--key-field", "origin", "--batch", "20", "--server", broker.Server);
        Task<string> acks = produce.StandardOutput.ReadToEndAsync();
        Task<string> resent = produce.StandardError.ReadToEndAsync();
        foreach (string[] part in lines.Chunk(5_000))
        {
            // It is in the middle of these when the broker goes: the pipe holds less than 1 MB, and so does the broker.
            await produce.StandardInput.WriteAsync(string.Join('\n', part) + "\n");
            await produce.StandardInput.FlushAsync();
            await broker.KillAsync();
            await broker.StartAsync();
        }

        produce.StandardInput.Close();
        await produce.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(produce.ExitCode == 0, await resent);
        await fetch.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(fetch.ExitCode == 0, await trouble);

        Assert.Equal(lines.Length, (await acks).Split('\n').Sum(line => Ack().Match(line) is { Success: true } ack ? int.Parse(ack.Groups["count"].Value) : 0));
        Assert.Contains("batches again", await resent, StringComparison.Ordinal);
        string[] sorted = [.. lines.Order(StringComparer.Ordinal)];
        Assert.Equal(sorted, (await ConsumeAsync("kills", broker.Server)).Select(record => record.Value).Order(StringComparer.Ordinal));
        Assert.Equal(sorted, (await followed).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    /// <summary>Everything in a topic, by partition and offset, without what differs by time.</summary>
    private static async Task<ConsumedLine[]> ConsumeAsync(string topic, string server)
    {
        CliRun run = await CliRun.SucceedAsync("consume", topic, "--exit-at-end", "-o", "json", "--server", server);
        return [.. run.Lines.Select(ConsumedLine.Parse).OrderBy(line => line.Partition).ThenBy(line => line.Offset)
            .Select(line => line with { TimestampMs = 0 })];
    }

    [GeneratedRegex(@"^partition (?<place>\d+, offset \d+): (?<count>\d+) records(?<again>, a duplicate: it was there already)?$")]
    private static partial Regex Ack();
}
