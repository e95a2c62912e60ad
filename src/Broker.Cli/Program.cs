using Broker.Cli.Terminal;

namespace Broker.Cli;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        using var interruption = new Interruption();
        int exitCode = await CliApp.RunAsync(args, CliHost.ForProcess(interruption)).ConfigureAwait(false);
        if (exitCode == ExitCode.Failure)
        {
            ProcessEnd.Now(exitCode);
        }

        return exitCode;
    }
}
