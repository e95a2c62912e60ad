using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicAddPartitionsCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> name = CommonOptions.TopicName();
        Option<int?> partitions = CommonOptions.Number("--partitions", "How many there shall be, more than now", "N", min: 1);
        partitions.Required = true;
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("add-partitions", "Give a topic more partitions; keys may move to other ones")
        {
            name, partitions, output, server,
        };
        examples[command] = ["broker topic add-partitions orders --partitions 8"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            TopicDescription topic = await client.Admin.AddPartitionsAsync(
                parsed.GetRequiredValue(name), parsed.GetValue(partitions)!.Value, cancellation).ConfigureAwait(false);
            TopicOutput.WriteChange(host, topic, "altered", parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
