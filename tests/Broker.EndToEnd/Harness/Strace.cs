namespace Broker.EndToEnd.Harness;

/// <summary>Command lines that run a program under strace, which then is not its parent: the program keeps its process id.</summary>
internal static class Strace
{
    // Of each thread: the start of the broker comes before, and a checkpoint makes hardly more.
    private const int QuickSyncs = 12;

    /// <summary>Why it cannot be used on this machine; null when it can.</summary>
    public static string? Unavailable => SystemCommand.Exists("strace") ? null : "strace is not installed";

    /// <summary>Has each sync of the journal begin so much later: what was written and not synced has a life of its own, as on a slow disk.</summary>
    public static string[] SlowSyncs(TimeSpan delay) =>
        Line("/dev/null", "fdatasync", $"delay_enter={(long)delay.TotalMicroseconds}:when={QuickSyncs + 1}+");

    /// <summary>Has one sync of each thread that comes so far fail; the next one succeeds.</summary>
    /// <param name="output">Where each sync is written, with the time, in seconds since 1970 UTC.</param>
    /// <param name="when">Which one of a thread, from 1.</param>
    public static string[] FailingSync(string output, int when) =>
        ["strace", "-ttt", .. Line(output, "fsync,fdatasync,syncfs", $"error=EIO:when={when}")[1..]];

    /// <summary>Has one call of each thread that makes so many fail.</summary>
    /// <param name="output">Where each such call is written.</param>
    /// <param name="error">What it returns, such as ENOSPC.</param>
    /// <param name="when">Which one of a thread, from 1.</param>
    public static string[] Failing(string output, string call, string error, int when) => Line(output, call, $"error={error}:when={when}");

    /// <param name="output">Where each call is written before it is made.</param>
    /// <param name="calls">Separated by commas; the others are not slowed down.</param>
    /// <param name="injection">What strace calls a tampering.</param>
    public static string[] Line(string output, string calls, string injection) =>
    [
        "strace", "--daemonize", "--follow-forks", "--seccomp-bpf", "-qq", "-y", "-o", output, "-e", "signal=none", "-e", $"trace={calls}",
        "-e", $"inject={calls}:{injection}", "--",
    ];
}
