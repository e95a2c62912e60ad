using System.CommandLine;
using Broker.Cli.Terminal;
using Broker.Server.Hosting;

namespace Broker.Cli.Commands;

internal static class ServeCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var config = new Option<string?>("--config")
        {
            Description = "Read settings from this file (default: broker.yaml here, if there is one)",
            HelpName = "FILE",
        };
        // Every setting is an option by its own name; the server knows them all and refuses others by name.
        var settings = new Argument<string[]>("--key=value")
        {
            Description = "A setting, such as --data_dir=/var/lib/broker; wins over BROKER__ variables, and they over the file",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("serve", "Run a broker until Ctrl-C; docs/operations.md lists its settings")
        {
            settings, config,
        };
        examples[command] =
        [
            "broker serve",
            "broker serve --data_dir=/var/lib/broker --grpc.listen=127.0.0.1:9195 --http.listen=127.0.0.1:9196",
        ];
        command.SetAction((parsed, cancellation) =>
            BrokerHost.RunAsync(
                ServerArguments(parsed.GetValue(settings) ?? [], parsed.GetValue(config)), host.Text, host.Error, cancellation, host.EndNow));
        return command;
    }

    private static string[] ServerArguments(string[] settings, string? config) =>
        config is null ? settings : [.. settings, $"--config={config}"];
}
