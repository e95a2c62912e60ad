using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>Histograms of nanoseconds, up to a minute, to three digits.</summary>
internal static class LatencyHistogram
{
    private const long NanosecondsMax = 60_000_000_000;
    private const int Digits = 3;

    public static LongHistogram Create() => new(NanosecondsMax, Digits);

    /// <param name="ticks">Of <see cref="System.Diagnostics.Stopwatch"/>.</param>
    public static void RecordTicks(this LongHistogram histogram, long ticks)
    {
        double nanoseconds = ticks * (1e9 / System.Diagnostics.Stopwatch.Frequency);
        histogram.RecordValue((long)Math.Clamp(nanoseconds, 1, NanosecondsMax));
    }

    public static LongHistogram Sum(IEnumerable<LongHistogram> histograms)
    {
        LongHistogram sum = Create();
        foreach (LongHistogram histogram in histograms)
        {
            sum.Add(histogram);
        }

        return sum;
    }
}
