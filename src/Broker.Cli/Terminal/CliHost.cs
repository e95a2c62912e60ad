using System.Text;

namespace Broker.Cli.Terminal;

/// <summary>
/// Everything a command touches outside itself: streams, environment, time, interruption. Standard output carries data
/// only; what is said about the data goes to <see cref="Error"/>.
/// </summary>
internal sealed class CliHost
{
    public const string DefaultServer = "127.0.0.1:9095";

    private StreamWriter? _text;

    public required Stream In { get; init; }

    public required Stream Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Takes remarks while a display is up that would be broken by what others write to <see cref="Error"/>; else null.</summary>
    public Action<string>? NotesTo { get; set; }

    public bool InIsTerminal { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public Func<string, string?> EnvironmentVariable { get; init; } = _ => null;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public CancellationToken Interrupted { get; init; }

    /// <summary>The exit code for an interrupted command.</summary>
    public Func<int> InterruptedExitCode { get; init; } = () => ExitCode.Interrupted;

    /// <summary>Ends the process without returning, from any thread.</summary>
    public Action<int>? EndNow { get; init; }

    /// <summary>See https://no-color.org: any value that is not empty turns colour off.</summary>
    public bool ColourIsWanted =>
        string.IsNullOrEmpty(EnvironmentVariable("NO_COLOR")) && EnvironmentVariable("TERM") != "dumb";

    /// <summary>Text on <see cref="Out"/>; flush before writing bytes there directly.</summary>
    public TextWriter Text => _text ??= new StreamWriter(Out, new UTF8Encoding(false), bufferSize: 16 * 1024, leaveOpen: true)
    {
        NewLine = "\n",
    };

    public static CliHost ForProcess(Interruption interruption) => new()
    {
        In = Console.OpenStandardInput(),
        Out = StandardOutput.Open(interruption),
        Error = Console.Error,
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        EnvironmentVariable = Environment.GetEnvironmentVariable,
        Interrupted = interruption.Token,
        InterruptedExitCode = () => interruption.ExitCode,
        EndNow = ProcessEnd.Now,
    };
}
