using System.Diagnostics;
using Broker.Client.Producing;

namespace Broker.Tests.Client;

public sealed class ProducerClockTests
{
    // A coarse clock of 100 Hz, and the millisecond that each of the two readings is rounded by.
    private const long LateMsMax = 10 + 2;

    [Fact]
    public void The_wall_clock_is_never_ahead_and_at_most_a_tick_behind()
    {
        var clock = new ProducerClock(TimeProvider.System);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMilliseconds(200))
        {
            long before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            long shown = clock.WallMs;
            long after = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            Assert.InRange(shown, before - LateMsMax, after);
        }
    }

    [Fact]
    public async Task A_record_after_a_pause_has_the_time_after_the_pause()
    {
        var clock = new ProducerClock(TimeProvider.System);
        _ = clock.WallMs;
        await Task.Delay(50);
        long before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.InRange(clock.WallMs, before, before + 60_000);
    }
}
