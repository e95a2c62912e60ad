using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicListCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("list", "List the topics with their sizes") { output, server };
        command.Aliases.Add("ls");
        examples[command] = ["broker topic list", "broker topic list -o json | jq -r '.[].name'"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            IReadOnlyList<TopicSummary> topics = await client.Admin.ListTopicsAsync(cancellation).ConfigureAwait(false);
            TopicOutput.WriteList(host, topics, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
