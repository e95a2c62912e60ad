using System.CommandLine;
using Broker.Cli.Demo;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

internal static class DemoCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var directory = new Option<string?>("--data-dir")
        {
            Description = "Keep the data in this directory (default: a temporary one, removed at the end)",
            HelpName = "DIR",
        };
        var exit = new Option<bool>("--exit") { Description = "End when everything was shown, instead of staying up" };
        var command = new Command("demo", "Run a broker with real flight data in it, to look around in") { directory, exit };
        examples[command] = ["broker demo", "broker demo --data-dir ./demo-data --exit"];
        command.SetAction((parsed, cancellation) =>
            DemoRunner.RunAsync(host, parsed.GetValue(directory), parsed.GetValue(exit), cancellation));
        return command;
    }
}
