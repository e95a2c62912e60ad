using System.CommandLine;
using Broker.Cli.Terminal;
using Broker.Server.Hosting;

namespace Broker.Cli.Commands;

internal static class ServeCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var command = new Command(
            "serve",
            "Run a broker until Ctrl-C. Settings come from broker.yaml here or --config=FILE, from BROKER__ variables, and as "
            + "--key=value; docs/operations.md lists them.")
        {
            // Every setting is an option by its own name; the server knows them all and refuses others by name.
            TreatUnmatchedTokensAsErrors = false,
        };
        examples[command] =
        [
            "broker serve",
            "broker serve --data_dir=/var/lib/broker --grpc.listen=127.0.0.1:9195 --http.listen=127.0.0.1:9196",
        ];
        command.SetAction((parsed, cancellation) =>
            BrokerHost.RunAsync(parsed.UnmatchedTokens, host.Text, host.Error, cancellation));
        return command;
    }
}
