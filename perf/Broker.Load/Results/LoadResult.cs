using Broker.Load.Scenarios;
using HdrHistogram;

namespace Broker.Load.Results;

/// <summary>What a run found out. Figures that were not measured are null.</summary>
/// <param name="RawRatio">Records a second, divided by those of raw in windows between these.</param>
internal sealed record LoadResult(
    string Scenario,
    LoadSettings Settings,
    long Records,
    TimeSpan Elapsed,
    LongHistogram? Latency,
    LongHistogram? LatencyFromSend,
    TimeSpan? BrokerProcessor,
    long? BrokerRssAnonBytes,
    long? DiskBytes,
    long? SyncCount,
    double? SyncMedianUs,
    string FileSystem,
    double? RawRatio,
    IReadOnlyList<Window> Windows,
    IReadOnlyList<Window> RawWindows)
{
    public double RecordsPerSecond => Records / Elapsed.TotalSeconds;

    public double MegabytesPerSecond => RecordsPerSecond * Settings.SizeBytes / 1e6;

    public static double? Us(LongHistogram? histogram, double percentile) =>
        histogram is { TotalCount: > 0 } ? histogram.GetValueAtPercentile(percentile) / 1000.0 : null;
}
