using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicTrimCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> name = CommonOptions.TopicName();
        Option<StartAt> before = CommonOptions.Position("--before", "Records before this go");
        before.Required = true;
        var partitions = new Option<int[]>("--partition")
        {
            Description = "Only this partition; may be given again",
            HelpName = "P",
            DefaultValueFactory = _ => [],
        };
        Option<bool> yes = CommonOptions.Yes();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("trim", "Delete a topic's records before an offset or a time")
        {
            name, before, partitions, yes, output, server,
        };
        examples[command] =
        [
            "broker topic trim orders --before 2026-01-01T00:00:00Z --yes",
            "broker topic trim orders --before 5000 --partition 2",
        ];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            string topic = parsed.GetRequiredValue(name);
            if (!parsed.GetValue(yes))
            {
                await Confirmation.RequireAsync(host, $"Delete the records of topic '{topic}' before that for good?")
                    .ConfigureAwait(false);
            }

            IReadOnlyList<PartitionOffset> starts = await client.Admin.TrimTopicAsync(
                topic, parsed.GetRequiredValue(before), parsed.GetRequiredValue(partitions), cancellation).ConfigureAwait(false);
            TopicOutput.WriteTrimmed(host, topic, starts, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
