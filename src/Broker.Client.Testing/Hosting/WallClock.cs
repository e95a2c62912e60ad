namespace Broker.Client.Testing.Hosting;

/// <summary>The date of another clock; timers and durations are the system's, so that a network goes on while that clock stands.</summary>
internal sealed class WallClock(TimeProvider clock) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public static TimeProvider Of(TimeProvider clock) => ReferenceEquals(clock, System) ? clock : new WallClock(clock);
}
