using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicDescribeCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> name = CommonOptions.TopicName();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("describe", "Show a topic's partitions and settings") { name, output, server };
        examples[command] = ["broker topic describe orders"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            TopicDescription topic = await client.Admin.DescribeTopicAsync(parsed.GetRequiredValue(name), cancellation)
                .ConfigureAwait(false);
            TopicOutput.WriteDescription(host, topic, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
