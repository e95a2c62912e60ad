using System.Diagnostics;

namespace Broker.Load.Scenarios;

/// <summary>Looks at the count ten times a second while a window runs.</summary>
internal sealed class RateSampler : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly LiveCount _live;
    private readonly PeriodicTimer _timer = new(Interval);
    private readonly List<double> _rates = [];
    private readonly Task _loop;

    public RateSampler(LiveCount live)
    {
        _live = live;
        _loop = LoopAsync();
    }

    /// <summary>Stops looking.</summary>
    public async Task<IReadOnlyList<double>> StopAsync()
    {
        _timer.Dispose();
        await _loop.ConfigureAwait(false);
        return _rates;
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private async Task LoopAsync()
    {
        (long at, long records) = (Stopwatch.GetTimestamp(), _live.Records);
        while (await _timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            (long now, long recordsNow) = (Stopwatch.GetTimestamp(), _live.Records);
            _rates.Add((recordsNow - records) / Stopwatch.GetElapsedTime(at, now).TotalSeconds);
            (at, records) = (now, recordsNow);
        }
    }
}
