using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class ProducerDeleteCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var choice = new ProducerChoice();
        Option<bool> yes = CommonOptions.Yes();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("delete", "Forget a producer and where it was; its records stay. Whoever writes under it is refused") { yes, output, server };
        choice.AddTo(command);
        examples[command] = ["broker producer delete importer", "broker producer delete --id 17 --yes"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            ProducerDescription producer = await choice.DescribeAsync(parsed, client, cancellation).ConfigureAwait(false);
            if (!parsed.GetValue(yes))
            {
                string known = Human.Count(producer.Positions.Sum(position => position.RecordCount), "record");
                await Confirmation.RequireAsync(
                    host, $"Forget producer {ProducerOutput.Title(producer)}, which has written {known}, for good? Opened again, its name begins at 0.")
                    .ConfigureAwait(false);
            }

            await choice.DeleteAsync(parsed, client, cancellation).ConfigureAwait(false);
            ProducerOutput.WriteDeleted(host, producer, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
