namespace Broker.Client.Producing;

/// <summary>Monotonic milliseconds since the producer began, and the wall clock for timestamps of records.</summary>
internal sealed class ProducerClock(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public long NowMs => (long)time.GetElapsedTime(_started).TotalMilliseconds;

    public long WallMs => time.GetUtcNow().ToUnixTimeMilliseconds();
}
