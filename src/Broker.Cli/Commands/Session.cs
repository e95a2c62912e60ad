using Broker.Client;

namespace Broker.Cli.Commands;

/// <summary>One client for the length of one command.</summary>
internal static class Session
{
    /// <exception cref="CliException">The address is none.</exception>
    public static BrokerClient Connect(string server)
    {
        try
        {
            return new BrokerClient(server);
        }
        catch (ArgumentException)
        {
            throw new CliException($"--server is HOST:PORT or a URL, not '{server}'", ExitCode.Usage);
        }
    }

    public static async Task<int> RunAsync(string server, Func<BrokerClient, Task> act)
    {
        BrokerClient client = Connect(server);
        await using (client.ConfigureAwait(false))
        {
            await act(client).ConfigureAwait(false);
            return ExitCode.Ok;
        }
    }
}
