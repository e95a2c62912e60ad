using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TransactionAbortCommand
{
    public static Argument<string> Producer() => new("producer") { Description = "The producer's name", HelpName = "PRODUCER" };

    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> producer = Producer();
        Option<bool> yes = CommonOptions.Yes();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("abort", "Abort the open transaction of a producer: nothing of it is written, and its producer is told")
        {
            producer, yes, output, server,
        };
        examples[command] = ["broker txn abort payments-1", "broker txn abort payments-1 --yes -o json"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            string name = parsed.GetRequiredValue(producer);
            TransactionDescription description = await client.Admin.DescribeTransactionAsync(name, cancellation).ConfigureAwait(false);
            if (description.Open is { } open && !parsed.GetValue(yes))
            {
                await Confirmation.RequireAsync(
                    host, $"Abort transaction {open.Number} of {name}, open for {Human.Duration(open.Age)}, with {Human.Count(open.RecordCount, "record")}?")
                    .ConfigureAwait(false);
            }

            bool wasOpen = description.Open is not null && await client.Admin.AbortTransactionAsync(name, cancellation).ConfigureAwait(false);
            TransactionOutput.WriteAborted(host, name, wasOpen ? description.Open : null, parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
