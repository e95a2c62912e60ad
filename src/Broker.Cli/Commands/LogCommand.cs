using System.CommandLine;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>The group of commands about a data directory on which no broker runs.</summary>
internal static class LogCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var command = new Command("log", "Look into a data directory while no broker runs on it, and repair it")
        {
            LogDumpCommand.Build(host, examples),
            LogVerifyCommand.Build(host, examples),
            LogRepairCommand.Build(host, examples),
        };
        examples[command] = ["broker log verify ./data", "broker log dump ./data --topic orders"];
        return command;
    }
}
