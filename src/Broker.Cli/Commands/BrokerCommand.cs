using System.CommandLine;
using System.CommandLine.Help;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>The whole command tree.</summary>
internal static class BrokerCommand
{
    public static RootCommand Build(CliHost host)
    {
        var examples = new Dictionary<Command, string[]>();
        var root = new RootCommand("An event broker: durable, ordered topics over gRPC, in one process.");
        root.Options.OfType<HelpOption>().Single().Action =
            new HelpExamples((HelpAction)root.Options.OfType<HelpOption>().Single().Action!, examples);
        examples[root] = ["broker demo", "broker serve", "broker topic create orders", "broker produce orders --file orders.ndjson"];
        root.Add(CompletionCommand.Build(host, examples));
        return root;
    }
}
