using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>The whole command tree.</summary>
internal static class BrokerCommand
{
    public static RootCommand Build(CliHost host)
    {
        var examples = new Dictionary<Command, string[]>();
        var root = new RootCommand("An event broker: durable, ordered topics over gRPC, in one process.");
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpExamples((HelpAction)help.Action!, examples);
        root.Add(ServeCommand.Build(host, examples));
        root.Add(DemoCommand.Build(host, examples));
        root.Add(StatusCommand.Build(host, examples));
        root.Add(TopicCommand.Build(host, examples));
        root.Add(ProducerCommand.Build(host, examples));
        root.Add(TransactionCommand.Build(host, examples));
        root.Add(ProduceCommand.Build(host, examples));
        root.Add(ConsumeCommand.Build(host, examples));
        root.Add(LogCommand.Build(host, examples));
        root.Add(StateCommand.Build(host, examples));
        root.Add(CompletionCommand.Build(host, examples));
        examples[root] =
        [
            "broker demo                            # a broker with real data, to look around in",
            "broker serve                           # a broker on 127.0.0.1:9095 with its data in ./data",
            "broker topic create orders",
            "broker produce orders --file orders.ndjson --key-field customer",
            "broker consume orders",
        ];
        ShowHelpWhenBare(root, help.Action);
        return root;
    }

    /// <summary>A group without a command is a question: the answer is its help.</summary>
    private static void ShowHelpWhenBare(Command group, CommandLineAction help)
    {
        if (group.Subcommands.Count > 0)
        {
            group.SetAction(parsed => ((SynchronousCommandLineAction)help).Invoke(parsed));
            foreach (Command sub in group.Subcommands)
            {
                ShowHelpWhenBare(sub, help);
            }
        }
    }
}
