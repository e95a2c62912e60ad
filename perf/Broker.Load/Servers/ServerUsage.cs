using System.Diagnostics;
using System.Globalization;
using Broker.EndToEnd.Harness;

namespace Broker.Load.Servers;

/// <summary>What a server's process has used, or used between two readings.</summary>
/// <param name="RssAnonBytes">Now: memory of its own, without mapped files; null where the system does not tell.</param>
/// <param name="SyncSeconds">The histogram of sync times: upper bounds and how many took at most so long.</param>
internal sealed record ServerUsage(TimeSpan Processor, long? RssAnonBytes, long SyncCount, IReadOnlyList<(double Bound, double Count)> SyncSeconds)
{
    public static ServerUsage Read(int processId, Metrics metrics)
    {
        using Process process = Process.GetProcessById(processId);
        return new ServerUsage(
            process.TotalProcessorTime, RssAnonBytesOf(processId), (long)metrics.Counted("broker_journal_syncs_total"),
            metrics.Buckets("broker_journal_sync_seconds"));
    }

    /// <summary>From the earlier reading to this one.</summary>
    public ServerUsage Since(ServerUsage earlier) => this with
    {
        Processor = Processor - earlier.Processor,
        SyncCount = SyncCount - earlier.SyncCount,
        SyncSeconds = [.. SyncSeconds.Select(bucket => (bucket.Bound, bucket.Count - CountUpTo(earlier.SyncSeconds, bucket.Bound)))],
    };

    /// <summary>Both together, with the memory of the later one.</summary>
    public ServerUsage Plus(ServerUsage later) => later with
    {
        Processor = Processor + later.Processor,
        SyncCount = SyncCount + later.SyncCount,
        SyncSeconds = [.. later.SyncSeconds.Select(bucket => (bucket.Bound, bucket.Count + CountUpTo(SyncSeconds, bucket.Bound)))],
    };

    /// <summary>Interpolated within the histogram's bucket; null without a sync.</summary>
    public double? SyncMedianUs()
    {
        double half = SyncSeconds.Count == 0 ? 0 : SyncSeconds[^1].Count / 2;
        (double bound, double count) below = (0, 0);
        foreach ((double bound, double count) in SyncSeconds)
        {
            if (half > 0 && count >= half && !double.IsInfinity(bound))
            {
                return 1e6 * (below.bound + ((bound - below.bound) * (half - below.count) / (count - below.count)));
            }

            below = (bound, count);
        }

        return null;
    }

    private static double CountUpTo(IReadOnlyList<(double Bound, double Count)> buckets, double bound) =>
        buckets.FirstOrDefault(bucket => bucket.Bound.Equals(bound)).Count;

    private static long? RssAnonBytesOf(int processId)
    {
        string path = $"/proc/{processId}/status";
        // RssAnon:	   12345 kB
        string? line = File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(each => each.StartsWith("RssAnon:", StringComparison.Ordinal))
            : null;
        return line is null ? null : 1024 * long.Parse(line.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
