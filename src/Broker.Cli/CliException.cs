namespace Broker.Cli;

/// <summary>A failure whose message is already the one line that the user shall read.</summary>
internal sealed class CliException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
