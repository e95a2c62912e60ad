namespace Broker.Simulation.Schedule;

/// <summary>A clock that moves when it is told to.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(60);
    private long _monotonicTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _monotonicTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state), _monotonicTicks + dueTime.Ticks, period);
        _timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        _now += by;
        _monotonicTicks += by.Ticks;
        foreach (Timer timer in _timers.ToArray())
        {
            timer.FireIfDue(_monotonicTicks);
        }
    }

    /// <summary>Somebody sets the clock on the wall; no time passes.</summary>
    public void SetWallClock(TimeSpan by) => _now += by;

    /// <summary>Forgets the timers of a process that is no more.</summary>
    public void DropTimers() => _timers.Clear();

    private sealed class Timer(SimulatedTime owner, Action callback, long dueTicks, TimeSpan period) : ITimer
    {
        private long _dueTicks = dueTicks;

        public void FireIfDue(long nowTicks)
        {
            if (nowTicks >= _dueTicks)
            {
                _dueTicks = nowTicks + period.Ticks;
                callback();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => owner._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
