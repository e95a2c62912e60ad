using System.CommandLine;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>The group of commands about producers.</summary>
internal static class ProducerCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var command = new Command("producer", "List, describe and delete producers whose sequences the broker remembers")
        {
            ProducerListCommand.Build(host, examples),
            ProducerDescribeCommand.Build(host, examples),
            ProducerDeleteCommand.Build(host, examples),
        };
        command.Aliases.Add("producers");
        examples[command] = ["broker producer list", "broker producer describe importer"];
        return command;
    }
}
