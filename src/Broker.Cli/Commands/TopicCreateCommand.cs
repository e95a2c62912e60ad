using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicCreateCommand
{
    private const int DefaultPartitionCount = 4;

    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> name = CommonOptions.TopicName();
        Option<int?> partitions = CommonOptions.Number(
            "--partitions", $"How many partitions (default: {DefaultPartitionCount})", "N", min: 1);
        Option<List<KeyValuePair<string, string>>> config = CommonOptions.Pairs(
            "--config", "A setting such as retention.ms=1d; may be given again", mayRepeat: false);
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("create", "Create a topic") { name, partitions, config, output, server };
        examples[command] =
        [
            "broker topic create orders",
            "broker topic create clicks --partitions 12 --config retention.ms=1d --config compression.type=zstd",
        ];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            TopicDescription topic = await client.Admin.CreateTopicAsync(
                parsed.GetRequiredValue(name),
                parsed.GetValue(partitions) ?? DefaultPartitionCount,
                parsed.GetRequiredValue(config).ToDictionary(),
                cancellation).ConfigureAwait(false);
            TopicOutput.WriteChange(host, topic, "created", parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
