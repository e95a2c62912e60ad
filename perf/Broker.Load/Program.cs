using Broker.Cli;
using Broker.Cli.Terminal;
using Broker.Load.Commands;
using Broker.Load.Raw;

namespace Broker.Load;

/// <summary>What perf/load runs; also the process that serves for raw.</summary>
internal static class Program
{
    public const string RawServerWord = "raw-server";

    public static async Task<int> Main(string[] args)
    {
        using var interruption = new Interruption();
        return args is [RawServerWord, { } mode, .. { } settings]
            ? await RawServer.RunAsync(Enum.Parse<RawMode>(mode), settings, interruption.Token).ConfigureAwait(false)
            : await CliApp.RunAsync(args, CliHost.ForProcess(interruption), LoadCommand.Build, LoadCommand.Name).ConfigureAwait(false);
    }
}
