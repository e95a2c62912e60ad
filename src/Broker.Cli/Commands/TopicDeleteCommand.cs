using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicDeleteCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> name = CommonOptions.TopicName();
        Option<bool> yes = CommonOptions.Yes();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("delete", "Delete a topic and all its records") { name, yes, output, server };
        examples[command] = ["broker topic delete orders", "broker topic delete orders --yes"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            string topic = parsed.GetRequiredValue(name);
            if (!parsed.GetValue(yes))
            {
                TopicDescription found = await client.Admin.DescribeTopicAsync(topic, cancellation).ConfigureAwait(false);
                long count = found.Partitions.Sum(partition => partition.HighWatermark - partition.LogStartOffset);
                await Confirmation.RequireAsync(host, $"Delete topic '{topic}' with {Human.Count(count, "record")} for good?")
                    .ConfigureAwait(false);
            }

            await client.Admin.DeleteTopicAsync(topic, cancellation).ConfigureAwait(false);
            TopicOutput.WriteDeleted(host, topic, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
