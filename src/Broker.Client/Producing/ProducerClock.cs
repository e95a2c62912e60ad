namespace Broker.Client.Producing;

/// <summary>Monotonic milliseconds since the producer began, and the wall clock for timestamps of records.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProducerClock(TimeProvider time)
{
    // Asking the system for the time takes a third of what sending a record takes. One answer serves so many records, and none
    // beyond the tick of the system's coarse clock (1 to 10 ms) in which it was given: a sixteenth of the cost while records
    // come fast, and then microseconds of difference.
    private const int UsesMax = 16;

    private readonly long _started = time.GetTimestamp();
    private readonly bool _isSystem = ReferenceEquals(time, TimeProvider.System);
    private long _wallMs;
    private long _wallTick = -1;
    private int _uses;

    public long NowMs => (long)time.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>Milliseconds since 1970 UTC, at most one tick of the system's coarse clock old.</summary>
    public long WallMs
    {
        get
        {
            if (!_isSystem)
            {
                return time.GetUtcNow().ToUnixTimeMilliseconds();
            }

            // Threads that count at the same time use an answer a little longer; the tick bounds that.
            long tick = Environment.TickCount64;
            return Volatile.Read(ref _wallTick) == tick && ++_uses < UsesMax ? Volatile.Read(ref _wallMs) : AskWallMs(tick);
        }
    }

    private long AskWallMs(long tick)
    {
        long wallMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        _uses = 0;
        // The time before the tick that vouches for it.
        Volatile.Write(ref _wallMs, wallMs);
        Volatile.Write(ref _wallTick, tick);
        return wallMs;
    }
}
