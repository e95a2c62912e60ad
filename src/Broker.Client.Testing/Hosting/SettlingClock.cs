using Broker.Engine;
using Broker.Storage;

namespace Broker.Client.Testing.Hosting;

/// <summary>A clock whose timers return when what they have decided is in effect: whoever advanced it sees what came of that.</summary>
internal sealed class SettlingClock(TimeProvider clock) : TimeProvider
{
    private volatile BrokerEngine? _engine;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    /// <summary>Whose decisions are waited for, from now on.</summary>
    public void Follow(BrokerEngine engine) => _engine = engine;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(
            given =>
            {
                callback(given);
                Settle();
            },
            state, dueTime, period);

    private void Settle()
    {
        if (_engine is { } engine && engine.DecidedLsn is var decided && decided > engine.Progress.VisibleLsn)
        {
            try
            {
                engine.Progress.WaitVisibleAsync(decided, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }
            catch (StorageException)
            {
                // The journal has failed: whoever calls the broker next is told.
            }
        }
    }
}
