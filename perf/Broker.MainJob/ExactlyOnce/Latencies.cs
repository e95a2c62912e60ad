namespace Broker.MainJob.ExactlyOnce;

/// <summary>Times of single things; any thread adds.</summary>
internal sealed class Latencies
{
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];

    public int Count => _milliseconds.Count;

    public void Add(TimeSpan time)
    {
        lock (_gate)
        {
            _milliseconds.Add(time.TotalMilliseconds);
        }
    }

    public void CopyTo(Latencies other)
    {
        foreach (double milliseconds in _milliseconds)
        {
            other.Add(TimeSpan.FromMilliseconds(milliseconds));
        }
    }

    public double Percentile(double percent)
    {
        lock (_gate)
        {
            double[] sorted = [.. _milliseconds.Order()];
            return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * percent / 100))];
        }
    }

    public override string ToString() =>
        $"p50 {Percentile(50):F2} ms, p99 {Percentile(99):F2} ms, p99.9 {Percentile(99.9):F2} ms, slowest {Percentile(100):F2} ms ({Count:N0} of them)";
}
