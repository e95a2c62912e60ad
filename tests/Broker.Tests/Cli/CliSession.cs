using System.Text;
using Broker.Cli;
using Broker.Cli.Terminal;

namespace Broker.Tests.Cli;

/// <summary>The command in this process: arguments in, exit code, output bytes and errors out.</summary>
internal sealed class CliSession
{
    public CliSession(string? server = null) => Variables["BROKER_SERVER"] = server;

    public Dictionary<string, string?> Variables { get; } = [];

    public Stream In { get; init; } = Stream.Null;

    /// <summary>Instead of one of its own.</summary>
    public MemoryStream? Out { get; init; }

    public bool IsTerminal { get; init; }

    /// <summary>Completed when the command has written to its error stream.</summary>
    public TaskCompletionSource? WroteError { get; init; }

    public CancellationToken Interrupted { get; init; }

    public int ExitCode { get; private set; }

    public byte[] OutputBytes { get; private set; } = [];

    public string Output => Encoding.UTF8.GetString(OutputBytes);

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public string Error { get; private set; } = "";

    /// <summary>The one line that a failure must be.</summary>
    public string ErrorLine
    {
        get
        {
            Assert.True(Error.EndsWith('\n') && Error.TrimEnd().IndexOf('\n', StringComparison.Ordinal) < 0, $"Not one line: '{Error}'");
            return Error.TrimEnd();
        }
    }

    public static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    public async Task<CliSession> RunAsync(params string[] arguments)
    {
        using var output = new MemoryStream();
        await using var error = new SignallingWriter(WroteError);
        ExitCode = await CliApp.RunAsync(arguments, new CliHost
        {
            In = In,
            Out = Out ?? output,
            Error = error,
            InIsTerminal = IsTerminal,
            OutIsTerminal = IsTerminal,
            ErrorIsTerminal = IsTerminal,
            EnvironmentVariable = name => Variables.GetValueOrDefault(name),
            Interrupted = Interrupted,
        });
        OutputBytes = (Out ?? output).ToArray();
        Error = error.ToString();
        return this;
    }

    /// <summary>As <see cref="RunAsync"/>, for a command that must succeed and say nothing on standard error.</summary>
    public async Task<CliSession> SucceedAsync(params string[] arguments)
    {
        await RunAsync(arguments);
        Assert.True(ExitCode == 0, $"broker {string.Join(' ', arguments)} ended with {ExitCode}: {Error}");
        Assert.Equal("", Error);
        return this;
    }

    /// <summary>As <see cref="RunAsync"/>, for a command that must fail with one line that holds the given words.</summary>
    public async Task<CliSession> FailAsync(int exitCode, string[] arguments, params string[] words)
    {
        await RunAsync(arguments);
        Assert.True(ExitCode == exitCode, $"broker {string.Join(' ', arguments)} ended with {ExitCode}: {Error}");
        Assert.All(words, word => Assert.Contains(word, ErrorLine, StringComparison.Ordinal));
        Assert.StartsWith("error: ", ErrorLine, StringComparison.Ordinal);
        Assert.Equal("", Output);
        return this;
    }

    private sealed class SignallingWriter(TaskCompletionSource? written) : StringWriter
    {
        public override void Write(char value)
        {
            base.Write(value);
            written?.TrySetResult();
        }

        public override void Write(string? value)
        {
            base.Write(value);
            written?.TrySetResult();
        }

        public override void Write(char[] buffer, int index, int count)
        {
            base.Write(buffer, index, count);
            written?.TrySetResult();
        }
    }
}
