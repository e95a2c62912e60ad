using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class ProducerDescribeCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var choice = new ProducerChoice();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("describe", "Show how many records a producer has written to each partition, and the last of them") { output, server };
        choice.AddTo(command);
        examples[command] = ["broker producer describe importer", "broker producer describe --id 17 -o json"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            ProducerDescription producer = await choice.DescribeAsync(parsed, client, cancellation).ConfigureAwait(false);
            ProducerOutput.WriteDescription(host, producer, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
