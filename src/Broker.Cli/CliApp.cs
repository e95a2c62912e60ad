using System.CommandLine;
using System.CommandLine.Invocation;
using Broker.Cli.Commands;
using Broker.Cli.Terminal;

namespace Broker.Cli;

/// <summary>From arguments to exit code. Every failure ends as one line on standard error.</summary>
internal static class CliApp
{
    public static Task<int> RunAsync(string[] args, CliHost host) => RunAsync(args, host, BrokerCommand.Build, "broker");

    /// <param name="build">Makes the command tree.</param>
    /// <param name="program">What the user types to run it.</param>
    public static async Task<int> RunAsync(string[] args, CliHost host, Func<CliHost, Command> build, string program)
    {
        try
        {
            int exitCode = await InvokeAsync(args, host, build, program).ConfigureAwait(false);
            host.Text.Flush();
            host.Out.Flush();
            return exitCode;
        }
        catch (Exception exception)
        {
            FlushBefore(exception, host);
            return Failure.Report(exception, host);
        }
    }

    /// <summary>What was printed before a failure stands before it.</summary>
    private static void FlushBefore(Exception exception, CliHost host)
    {
        if (exception is not ClosedPipeException)
        {
            try
            {
                host.Text.Flush();
            }
            catch (IOException)
            {
                // The failure to report is the earlier one.
            }
        }
    }

    private static async Task<int> InvokeAsync(string[] args, CliHost host, Func<CliHost, Command> build, string program)
    {
        ParseResult parsed = build(host).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            throw new CliException(UsageError.Describe(parsed, program), ExitCode.Usage);
        }

        var configuration = new InvocationConfiguration
        {
            Output = host.Text,
            Error = host.Error,
            EnableDefaultExceptionHandler = false,
            // The host owns the signals.
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(configuration, host.Interrupted).ConfigureAwait(false);
    }
}
