using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

/// <summary>One client for the length of one command.</summary>
internal static class Session
{
    /// <summary>For a command that goes on when its broker is away, and says so on standard error.</summary>
    /// <exception cref="CliException">The address is none.</exception>
    public static BrokerClient Connect(CliHost host, string server) =>
        Connect(new BrokerClientOptions { Server = server, LoggerFactory = new ClientNotes(host) });

    public static async Task<int> RunAsync(string server, Func<BrokerClient, Task> act)
    {
        BrokerClient client = Connect(new BrokerClientOptions { Server = server });
        await using (client.ConfigureAwait(false))
        {
            await act(client).ConfigureAwait(false);
            return ExitCode.Ok;
        }
    }

    private static BrokerClient Connect(BrokerClientOptions options)
    {
        try
        {
            return new BrokerClient(options);
        }
        catch (ArgumentException)
        {
            throw new CliException($"--server is HOST:PORT or a URL, not '{options.Server}'", ExitCode.Usage);
        }
    }
}
