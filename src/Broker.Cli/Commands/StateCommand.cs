using System.CommandLine;
using Broker.Cli.Logs;
using Broker.Cli.Terminal;
using Broker.Engine.Inspection;

namespace Broker.Cli.Commands;

/// <summary>The group of commands about the state of a broker that does not run.</summary>
internal static class StateCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var command = new Command("state", "Look into the state of a broker that does not run") { Dump(host, examples) };
        examples[command] = ["broker state dump ./data", "broker state dump ./data --family offsets -o json"];
        return command;
    }

    private static Command Dump(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> directory = CommonOptions.DataDirectory();
        var family = new Option<string?>("--family") { Description = "Only this kind of state", HelpName = "FAMILY" };
        family.AcceptOnlyFromAmong(StateDump.Families);
        Option<string> output = CommonOptions.Output();
        var command = new Command("dump", "List what the newest checkpoint knows: topics, segments, producers, sequences, transactions, offsets")
        {
            directory, family, output,
        };
        examples[command] = ["broker state dump ./data --family producers", "broker state dump ./data -o json | jq -r .family | sort | uniq -c"];
        command.SetAction((parsed, cancellation) =>
        {
            using DataDirectory data = DataDirectory.Open(parsed.GetRequiredValue(directory));
            new StateDump(host.Text, parsed.GetRequiredValue(output) == "json").Write(data, parsed.GetValue(family), cancellation);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }
}
