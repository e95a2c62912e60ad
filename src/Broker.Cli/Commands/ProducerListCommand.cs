using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

internal static class ProducerListCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var all = new Option<bool>("--all") { Description = "Also those without a name" };
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("list", "List the producers that have a name") { all, output, server };
        command.Aliases.Add("ls");
        examples[command] = ["broker producer list", "broker producer list --all -o json | jq length"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), client =>
            ProducerOutput.WriteListAsync(
                host, client.Admin.ListProducersAsync(onlyNamed: !parsed.GetValue(all), cancellation), parsed.GetRequiredValue(output))));
        return command;
    }
}
