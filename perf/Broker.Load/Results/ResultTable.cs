using System.Globalization;
using Broker.Cli.Output;
using Broker.Cli.Terminal;

namespace Broker.Load.Results;

/// <summary>Results for people: one line each.</summary>
internal static class ResultTable
{
    private const string None = "–";

    public static void Write(CliHost host, IReadOnlyList<LoadResult> results)
    {
        var table = new TextTable(
            "scenario", "#bytes", "#records", "#seconds", "#records/s", "#MB/s", "#p50 us", "#p99 us", "#p99.9 us", "#broker core-s/M", "#RSS anon",
            "#disk", "#syncs", "#sync p50 us", "file system", "#of raw");
        foreach (LoadResult result in results)
        {
            table.Add(Row(result, result.Scenario, result.Latency));
            if (result.LatencyFromSend is not null)
            {
                string[] fromSend = [.. Enumerable.Repeat("", 16)];
                fromSend[0] = "  from the send call";
                (fromSend[6], fromSend[7], fromSend[8]) = Percentiles(result.LatencyFromSend);
                table.Add(fromSend);
            }
        }

        table.Write(host);
    }

    private static string[] Row(LoadResult result, string name, HdrHistogram.LongHistogram? latency)
    {
        (string p50, string p99, string p999) = Percentiles(latency);
        return
        [
            result.Settings.Scenario == "latency" ? $"{name} at {Human.Count(result.Settings.Rate)}/s" : name,
            Human.Count(result.Settings.SizeBytes),
            Human.Count(result.Records),
            result.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture),
            Human.Count((long)result.RecordsPerSecond),
            Human.Count((long)result.MegabytesPerSecond),
            p50, p99, p999,
            result.BrokerProcessor is { } processor
                ? (processor.TotalSeconds / result.Records * 1e6).ToString("F2", CultureInfo.InvariantCulture) : None,
            result.BrokerRssAnonBytes is { } rss ? Human.Bytes(rss) : None,
            result.DiskBytes is { } disk ? Human.Bytes(disk) : None,
            result.SyncCount is { } syncs ? Human.Count(syncs) : None,
            Number(result.SyncMedianUs),
            result.FileSystem,
            result.RawRatio is { } ratio ? ratio.ToString("P0", CultureInfo.InvariantCulture) : None,
        ];
    }

    private static (string P50, string P99, string P999) Percentiles(HdrHistogram.LongHistogram? latency) =>
        (Number(LoadResult.Us(latency, 50)), Number(LoadResult.Us(latency, 99)), Number(LoadResult.Us(latency, 99.9)));

    private static string Number(double? number) => number is { } known ? Human.Count((long)Math.Round(known)) : None;
}
