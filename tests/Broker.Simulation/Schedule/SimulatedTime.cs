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
        var timer = new Timer(this, () => callback(state), _now + dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        _now += by;
        _monotonicTicks += by.Ticks;
        foreach (Timer timer in _timers.ToArray())
        {
            timer.FireIfDue(_now);
        }
    }

    /// <summary>Forgets the timers of a process that is no more.</summary>
    public void DropTimers() => _timers.Clear();

    private sealed class Timer(SimulatedTime owner, Action callback, DateTimeOffset due, TimeSpan period) : ITimer
    {
        private DateTimeOffset _due = due;

        public void FireIfDue(DateTimeOffset now)
        {
            if (now >= _due)
            {
                _due = now + period;
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
