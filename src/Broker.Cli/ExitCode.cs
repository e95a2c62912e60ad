namespace Broker.Cli;

/// <summary>What the process returns; the same for every command.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    // 128 + the signal's number, as shells report it.
    public const int Interrupted = 130;
    public const int Terminated = 143;
}
