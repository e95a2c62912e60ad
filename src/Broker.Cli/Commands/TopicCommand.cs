using System.CommandLine;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>The group of commands about topics.</summary>
internal static class TopicCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var command = new Command("topic", "Create, list, describe, change and delete topics")
        {
            TopicCreateCommand.Build(host, examples),
            TopicListCommand.Build(host, examples),
            TopicDescribeCommand.Build(host, examples),
            TopicAlterCommand.Build(host, examples),
            TopicAddPartitionsCommand.Build(host, examples),
            TopicTrimCommand.Build(host, examples),
            TopicDeleteCommand.Build(host, examples),
        };
        command.Aliases.Add("topics");
        examples[command] = ["broker topic create orders --partitions 4", "broker topic list"];
        return command;
    }
}
