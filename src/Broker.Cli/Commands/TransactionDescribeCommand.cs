using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

internal static class TransactionDescribeCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> producer = TransactionAbortCommand.Producer();
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("describe", "Show the open transaction of a producer with what it is to write, and its newest commit")
        {
            producer, output, server,
        };
        examples[command] = ["broker txn describe payments-1", "broker txn describe payments-1 -o json"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
            TransactionOutput.WriteDescription(
                host, await client.Admin.DescribeTransactionAsync(parsed.GetRequiredValue(producer), cancellation).ConfigureAwait(false),
                parsed.GetRequiredValue(output))));
        return command;
    }
}
