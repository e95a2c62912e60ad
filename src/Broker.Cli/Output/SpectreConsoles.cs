using Broker.Cli.Terminal;
using Spectre.Console;

namespace Broker.Cli.Output;

/// <summary>Consoles that write where the command's host says. Made only when used: the library takes time to load.</summary>
internal static class SpectreConsoles
{
    public static IAnsiConsole ForOut(CliHost host) => Create(host, host.Text, host.OutIsTerminal);

    public static IAnsiConsole ForError(CliHost host) => Create(host, host.Error, host.ErrorIsTerminal);

    private static IAnsiConsole Create(CliHost host, TextWriter writer, bool isTerminal)
    {
        // Other terminals than Windows' old console know the codes; the library's own guess asks the process, not the host.
        AnsiSupport codes = OperatingSystem.IsWindows() ? AnsiSupport.Detect : AnsiSupport.Yes;
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal && host.EnvironmentVariable("TERM") != "dumb" ? codes : AnsiSupport.No,
            ColorSystem = isTerminal && host.ColourIsWanted ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
    }
}
