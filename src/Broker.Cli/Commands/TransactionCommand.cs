using System.CommandLine;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>The group of commands about transactions.</summary>
internal static class TransactionCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var command = new Command("txn", "List, describe and abort the transactions of producers")
        {
            TransactionListCommand.Build(host, examples),
            TransactionDescribeCommand.Build(host, examples),
            TransactionAbortCommand.Build(host, examples),
        };
        command.Aliases.Add("transaction");
        examples[command] = ["broker txn list", "broker txn describe payments-1"];
        return command;
    }
}
