using System.Text;
using System.Text.Json;
using Broker.Cli.Terminal;

namespace Broker.Tests.Cli;

public sealed class ProduceConsumeTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task Lines_come_back_byte_for_byte()
    {
        string topic = await broker.CreateTopicAsync();
        // Latin-1, so that some bytes are no UTF-8.
        byte[] lines = Encoding.Latin1.GetBytes("carriage return\r\n tabs\t \nÿÃ(\0\nlast, without newline");
        var produce = new CliSession(broker.Server) { In = new MemoryStream(lines) };
        await produce.SucceedAsync("produce", topic);
        Assert.StartsWith("4 records, ", Assert.Single(produce.Lines), StringComparison.Ordinal);
        byte[] expected = [.. lines, (byte)'\n'];
        Assert.Equal(expected, (await broker.ConsumeAsync(topic)).OutputBytes);
    }

    [Fact]
    public async Task Blank_lines_are_no_records_and_are_counted()
    {
        string topic = await broker.CreateTopicAsync();
        var produce = new CliSession(broker.Server) { In = CliSession.Text("\none\n\n  \t\r\ntwo\n") };
        JsonElement summary = JsonDocument.Parse((await produce.SucceedAsync("produce", topic, "-o", "json")).Output).RootElement;
        Assert.Equal(2, summary.GetProperty("records").GetInt64());
        Assert.Equal(3, summary.GetProperty("blank_lines_skipped").GetInt64());
        Assert.Equal("durable", summary.GetProperty("durability").GetString());
        Assert.Equal(["one", "two"], (await broker.ConsumeAsync(topic)).Lines);
    }

    [Fact]
    public async Task An_empty_input_is_no_error()
    {
        string topic = await broker.CreateTopicAsync();
        await broker.ProduceAsync(topic, "");
        Assert.Equal("", (await broker.ConsumeAsync(topic)).Output);
    }

    [Fact]
    public async Task Key_timestamp_and_headers_come_back_as_json()
    {
        string topic = await broker.CreateTopicAsync();
        await broker.ProduceAsync(
            topic, """{"user":"Zoë","at":"2001/02/03 04:05"}""", "--key-field", "user", "--timestamp-field", "at",
            "--timestamp-format", "yyyy/MM/dd HH:mm", "--tz", "America/New_York", "--header", "a=1", "--header", "a=2=3");
        JsonElement record = JsonDocument.Parse((await broker.ConsumeAsync(topic, "-o", "json")).Output).RootElement;
        Assert.Equal(topic, record.GetProperty("topic").GetString());
        Assert.Equal(0, record.GetProperty("partition").GetInt32());
        Assert.Equal(0, record.GetProperty("offset").GetInt64());
        Assert.Equal("Zoë", record.GetProperty("key").GetString());
        Assert.Equal("2001-02-03T09:05:00Z", record.GetProperty("timestamp").GetString());
        Assert.Equal(981191100000, record.GetProperty("timestamp_ms").GetInt64());
        Assert.Equal("""{"user":"Zoë","at":"2001/02/03 04:05"}""", record.GetProperty("value").GetString());
        Assert.Equal(
            ["a=1", "a=2=3"],
            record.GetProperty("headers").EnumerateArray().Select(header =>
                $"{header.GetProperty("key").GetString()}={header.GetProperty("value").GetString()}"));
    }

    [Fact]
    public async Task Json_tells_null_from_empty_and_text_from_bytes()
    {
        string topic = await broker.CreateTopicAsync();
        await broker.ProduceAsync(topic, """{"k":""}""", "--key-field", "k");
        await new CliSession(broker.Server) { In = new MemoryStream([0xFF, 0xFE]) }.SucceedAsync("produce", topic);
        string[] lines = (await broker.ConsumeAsync(topic, "-o", "json")).Lines;
        Assert.Contains("\"key\":\"\"", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"key\":null", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"value_base64\":\"//4=\"", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("headers", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public async Task Compressed_records_come_back(string codec)
    {
        string topic = await broker.CreateTopicAsync();
        string text = string.Concat(Enumerable.Range(0, 5000).Select(number => $"line {number} of a text that repeats itself\n"));
        await broker.ProduceAsync(topic, text, "--compression", codec);
        Assert.Equal(text, (await broker.ConsumeAsync(topic)).Output);
    }

    [Theory]
    [InlineData("{\"k\":\"a\"}\n{\"k\":\"b\"}\n{\"x\":1}\n{\"k\":\"d\"}\n", "line 3 has no field 'k'; all 2 records sent before were acknowledged", 2)]
    [InlineData("{\"k\":\"a\"}\n\nnot json\n", "line 3 is not valid JSON; the record sent before was acknowledged", 1)]
    [InlineData("{\"k\":null}", "line 1 has null in its key field 'k'; nothing was sent", 0)]
    public async Task A_bad_line_is_named_and_the_lines_before_it_are_kept(string text, string error, int kept)
    {
        string topic = await broker.CreateTopicAsync();
        var produce = new CliSession(broker.Server) { In = CliSession.Text(text) };
        await produce.FailAsync(1, ["produce", topic, "--key-field", "k"], error);
        Assert.Equal(kept, (await broker.ConsumeAsync(topic)).Lines.Length);
    }

    [Fact]
    public async Task A_bad_timestamp_is_named_with_what_was_expected()
    {
        string topic = await broker.CreateTopicAsync();
        var produce = new CliSession(broker.Server) { In = CliSession.Text("""{"at":"01.02.2001"}""") };
        await produce.FailAsync(
            1, ["produce", topic, "--timestamp-field", "at"], "line 1 has '01.02.2001' in its timestamp field 'at'", "expected ISO 8601");
    }

    [Fact]
    public async Task A_record_that_is_too_large_is_named_with_both_sizes_and_the_lines_before_it_are_kept()
    {
        string topic = await broker.CreateTopicAsync();
        var produce = new CliSession(broker.Server) { In = CliSession.Text("small\n" + new string('x', 2_000_000) + "\nafter\n") };
        await produce.FailAsync(1, ["produce", topic], "line 2", "20000", "1048576", "the record sent before was acknowledged");
        Assert.Equal(["small"], (await broker.ConsumeAsync(topic)).Lines);
    }

    [Fact]
    public async Task Reading_begins_where_it_is_told_and_ends_after_a_count()
    {
        string topic = await broker.CreateTopicAsync();
        string text = string.Concat(Enumerable.Range(0, 10).Select(number => $"{{\"n\":{number},\"at\":{1000 + (number * 10)}}}\n"));
        await broker.ProduceAsync(topic, text, "--timestamp-field", "at");
        Assert.Equal(3, (await broker.ConsumeAsync(topic, "--from", "7")).Lines.Length);
        Assert.StartsWith("{\"n\":5,", (await broker.ConsumeAsync(topic, "--from", "@1041")).Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("{\"n\":5,", (await broker.ConsumeAsync(topic, "--from", "1970-01-01T00:00:01.050Z")).Lines[0], StringComparison.Ordinal);
        Assert.Empty((await broker.ConsumeAsync(topic, "--from", "latest")).Lines);
        Assert.Equal(4, (await broker.ConsumeAsync(topic, "--count", "4")).Lines.Length);
        Assert.Equal(2, (await new CliSession(broker.Server).SucceedAsync("consume", topic, "--from", "2", "--count", "2")).Lines.Length);
    }

    [Fact]
    public async Task One_partition_can_be_read_alone()
    {
        string topic = await broker.CreateTopicAsync(partitions: 3);
        await broker.ProduceAsync(topic, string.Concat(Enumerable.Range(0, 100).Select(number => $"{{\"k\":{number}}}\n")), "--key-field", "k");
        int[] counts = new int[3];
        for (int partition = 0; partition < counts.Length; partition++)
        {
            string[] lines = (await broker.ConsumeAsync(topic, "--partition", $"{partition}", "-o", "json")).Lines;
            Assert.All(lines, line => Assert.Contains($"\"partition\":{partition},", line, StringComparison.Ordinal));
            counts[partition] = lines.Length;
        }

        Assert.Equal(100, counts.Sum());
        Assert.All(counts, count => Assert.NotEqual(0, count));
        await new CliSession(broker.Server).FailAsync(1, ["consume", topic, "--partition", "3"], "partition 3");
        await new CliSession(broker.Server).FailAsync(1, ["consume", topic, "--partition", "0", "--from", "5000"], "5000");
    }

    [Fact]
    public async Task Following_prints_each_record_when_it_comes_and_an_interruption_ends_it()
    {
        string topic = await broker.CreateTopicAsync();
        using var interruption = new CancellationTokenSource();
        using var output = new SignallingStream();
        var follow = new CliSession(broker.Server) { Out = output, Interrupted = interruption.Token };
        Task<CliSession> running = follow.RunAsync("consume", topic);
        foreach (string text in (string[])["first\n", "second\n"])
        {
            await broker.ProduceAsync(topic, text);
            Assert.Equal(text, await output.NextAsync());
        }

        await interruption.CancelAsync();
        await running;
        Assert.Equal(130, follow.ExitCode);
        Assert.Equal("interrupted after 2 records", follow.ErrorLine);
    }

    [Fact]
    public async Task A_reader_that_has_gone_ends_it_quietly()
    {
        string topic = await broker.CreateTopicAsync();
        await broker.ProduceAsync(topic, "one\ntwo\n");
        var consume = new CliSession(broker.Server) { Out = new ClosedStream() };
        await consume.SucceedAsync("consume", topic);
    }

    [Fact]
    public async Task An_interrupted_produce_tells_how_many_were_acknowledged()
    {
        string topic = await broker.CreateTopicAsync();
        using var interruption = new CancellationTokenSource();
        using var input = new EndlessInput("one\ntwo\nthree\nfour without its newline");
        var produce = new CliSession(broker.Server) { In = input, Interrupted = interruption.Token };
        Task<CliSession> running = produce.RunAsync("produce", topic);
        await new CliSession(broker.Server).SucceedAsync("consume", topic, "--count", "3");
        await interruption.CancelAsync();
        await running;
        Assert.Equal(130, produce.ExitCode);
        Assert.Equal("interrupted: all 3 records sent before were acknowledged", produce.ErrorLine);
        Assert.Equal("", produce.Output);
        Assert.Equal(["one", "two", "three"], (await broker.ConsumeAsync(topic)).Lines);
    }

    [Fact]
    public async Task A_slow_produce_on_a_terminal_shows_its_progress_and_a_summary()
    {
        string topic = await broker.CreateTopicAsync();
        var shown = new TaskCompletionSource();
        using var input = new EndlessInput("one\n", endsWith: shown.Task);
        var produce = new CliSession(broker.Server) { In = input, IsTerminal = true, WroteError = shown };
        await produce.RunAsync("produce", topic);
        Assert.Equal(0, produce.ExitCode);
        Assert.Contains("1 record,", produce.Output, StringComparison.Ordinal);
        Assert.NotEqual("", produce.Error);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named()
    {
        string topic = await broker.CreateTopicAsync();
        await new CliSession(broker.Server).FailAsync(1, ["produce", topic, "--file", "/no/such/file"], "there is no file '/no/such/file'");
        await new CliSession(broker.Server).FailAsync(1, ["produce", topic, "--file", Path.GetTempPath()], "is a directory");
    }

    /// <summary>Gives some bytes and then nothing, as a terminal does.</summary>
    private sealed class EndlessInput(string text, Task? endsWith = null) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        private readonly TaskCompletionSource _closed = new();

        public override int Read(Span<byte> buffer)
        {
            int count = base.Read(buffer);
            if (count == 0)
            {
                Task.WaitAny(_closed.Task, endsWith ?? _closed.Task);
            }

            return count;
        }

        protected override void Dispose(bool disposing)
        {
            _closed.TrySetResult();
            base.Dispose(disposing);
        }
    }

    private sealed class SignallingStream : MemoryStream
    {
        private readonly System.Threading.Channels.Channel<string> _writes = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public override void Write(byte[] buffer, int offset, int count) =>
            _writes.Writer.TryWrite(Encoding.UTF8.GetString(buffer, offset, count));

        public async Task<string> NextAsync() => await _writes.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    private sealed class ClosedStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new ClosedPipeException();
    }
}
