using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;
using Broker.Server.Configuration;
using Broker.Server.Hosting;
using Broker.Storage;

namespace Broker.Cli;

/// <summary>The one place where an exception becomes a line for the user and an exit code.</summary>
internal static class Failure
{
    public static int Report(Exception exception, CliHost host)
    {
        if (exception is ClosedPipeException)
        {
            return ExitCode.Ok;
        }

        if (exception is OperationCanceledException && host.Interrupted.IsCancellationRequested)
        {
            ErrorLine.Note(host, "interrupted");
            return host.InterruptedExitCode();
        }

        ErrorLine.Write(host, Describe(exception));
        if (!string.IsNullOrEmpty(host.EnvironmentVariable("BROKER_TRACE")))
        {
            host.Error.WriteLine(exception.ToString());
        }

        return (exception as CliException)?.ExitCode ?? ExitCode.Failure;
    }

    private static string Describe(Exception exception) => exception switch
    {
        CliException => exception.Message,
        BrokerException { Reason: ErrorReasons.NetworkException, IsDefinite: true } unreachable =>
            $"{unreachable.Message} Start one with 'broker serve', or name another with --server HOST:PORT.",
        BrokerException { Reason: ErrorReasons.DataLoss } => $"{exception.Message} To read on behind it: --skip-damaged.",
        BrokerException => exception.Message,
        BrokerStartException or SettingsException or StorageException => exception.Message,
        IOException or UnauthorizedAccessException => exception.Message,
        _ => $"{exception.GetType().Name}: {exception.Message} (set BROKER_TRACE=1 for where it happened)",
    };
}
