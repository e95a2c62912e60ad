using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

internal static class TransactionListCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("list", "List the transactions that are open") { output, server };
        command.Aliases.Add("ls");
        examples[command] = ["broker txn list", "broker txn list -o json | jq '.[] | select(.age_seconds > 10)'"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
            TransactionOutput.WriteList(
                host, await client.Admin.ListTransactionsAsync(cancellation).ConfigureAwait(false), parsed.GetRequiredValue(output))));
        return command;
    }
}
