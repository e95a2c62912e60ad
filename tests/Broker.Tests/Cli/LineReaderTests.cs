using System.Text;
using Broker.Cli;
using Broker.Cli.Input;
using CsCheck;

namespace Broker.Tests.Cli;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("\n", new[] { "" })]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb", new[] { "a", "b" })]
    [InlineData("a\nb\n", new[] { "a", "b" })]
    [InlineData("a\r\n\r\nb", new[] { "a\r", "\r", "b" })]
    public async Task Lines_are_what_stands_before_newlines(string text, string[] expected)
    {
        Assert.Equal(expected, await ReadAllAsync(Encoding.UTF8.GetBytes(text), blockBytes: 4));
    }

    [Fact]
    public async Task Any_bytes_come_out_as_they_went_in_whatever_the_block_size()
    {
        await Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[1, 50]).SampleAsync(async (bytes, blockBytes) =>
        {
            byte[] text = [.. bytes.Select(value => value < 60 ? (byte)'\n' : value)];
            string whole = Encoding.Latin1.GetString(text);
            string[] expected = whole.Split('\n');
            expected = expected[^1].Length == 0 ? expected[..^1] : expected;
            Assert.Equal(expected, await ReadAllAsync(text, blockBytes));
        }, iter: 500);
    }

    [Fact]
    public async Task A_line_beyond_the_limit_is_named_by_its_number()
    {
        byte[] text = Encoding.UTF8.GetBytes("short\n" + new string('x', 100));
        CliException failure = await Assert.ThrowsAsync<CliException>(() => ReadAllAsync(text, blockBytes: 16, lineBytesMax: 50));
        Assert.Equal("line 2 is longer than 50 bytes", failure.Message);
    }

    [Fact]
    public async Task A_wait_for_input_that_never_comes_can_be_cancelled()
    {
        using var never = new SilentStream();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new LineReader(never).ReadBlockAsync(cancellation.Token).AsTask());
    }

    private static async Task<List<string>> ReadAllAsync(byte[] text, int blockBytes, int lineBytesMax = int.MaxValue)
    {
        var lines = new List<string>();
        var reader = new LineReader(new MemoryStream(text), blockBytes, lineBytesMax);
        while (await reader.ReadBlockAsync(CancellationToken.None))
        {
            while (reader.TryReadLine(out ReadOnlyMemory<byte> line))
            {
                lines.Add(Encoding.Latin1.GetString(line.Span));
                Assert.Equal(lines.Count, reader.LineNumber);
            }
        }

        Assert.Equal(text.Length, reader.ReadBytes);
        return lines;
    }

    private sealed class SilentStream : MemoryStream
    {
        private readonly ManualResetEventSlim _closed = new();

        public override int Read(Span<byte> buffer)
        {
            _closed.Wait();
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            _closed.Set();
            base.Dispose(disposing);
        }
    }
}
