namespace Broker.Client.Transport;

/// <summary>Waits that double from attempt to attempt, with jitter so that many clients do not return together.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Random random)
{
    // 2^20 first waits are more than any longest wait that makes sense.
    private const int DoublingsMax = 20;

    /// <param name="attempt">0 for the first wait.</param>
    public TimeSpan Wait(int attempt)
    {
        double wait = first.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, DoublingsMax));
        double jitter;
        lock (random)
        {
            jitter = 0.8 + (0.4 * random.NextDouble());
        }

        return TimeSpan.FromMilliseconds(Math.Min(wait, longest.TotalMilliseconds) * jitter);
    }
}
