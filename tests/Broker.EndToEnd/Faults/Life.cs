namespace Broker.EndToEnd.Faults;

/// <summary>One life of the broker as it is planned.</summary>
/// <param name="Acks">It ends after so many acks, and when a segment was begun and a checkpoint completed.</param>
/// <param name="Lingering">How long it goes on then.</param>
/// <param name="Hold">How long answers are held back before the end; 0: they are not.</param>
/// <param name="Disturbances">What it has to bear before, in order.</param>
/// <param name="WritebackCentisecs">How often the kernel writes dirty pages back by itself; 0 never.</param>
/// <param name="SyncDelay">By how much each sync is delayed, so that many a cut comes between a write and its sync.</param>
/// <param name="IsStopped">The process is stopped for the cut, and not killed before it.</param>
internal sealed record Life(
    Ending Ending, int Acks, TimeSpan Lingering, TimeSpan Hold, IReadOnlyList<Disturbance> Disturbances, int WritebackCentisecs,
    TimeSpan SyncDelay, bool IsStopped)
{
    // Some thousand records share a sync, and take up to a hundred milliseconds to be written, applied and acked: a delay must be longer
    // than that, or few cuts come within it.
    private const int SyncDelayMinMs = 60, SyncDelayMaxMs = 160;

    // Without answers the producers have sent all that they may soon after.
    private const int HoldMinMs = 20, HoldMaxMs = 80;

    // Short ones are more frequent: most of a long one is like the rest of it.
    private const int PauseMinMs = 200, PauseMaxMs = 4_000;

    private static readonly int[] WritebackIntervals = [0, 50, 500];

    /// <param name="turn">Grows by one from life to life with this ending: the settings take turns.</param>
    public static Life Draw(Ending ending, int turn, Random random, bool canSlowSyncs)
    {
        int acks = random.Next(2 * FaultCycle.AcksMin, 20 * FaultCycle.AcksMin);
        int lingeringMs = random.Next(0, SyncDelayMaxMs), writeback = WritebackIntervals[turn % WritebackIntervals.Length];
        int delayMs = random.Next(SyncDelayMinMs, SyncDelayMaxMs), holdMs = random.Next(HoldMinMs, HoldMaxMs);
        bool isStopped = random.Next(0, 2) == 0;
        bool isCut = ending == Ending.PowerCut, isSlow = isCut && canSlowSyncs && turn % 2 == 1, isHeld = !isCut && turn % 2 == 0;

        // A delayed sync would go on in a process that is only stopped.
        return new Life(
            ending, acks, TimeSpan.FromMilliseconds(lingeringMs), TimeSpan.FromMilliseconds(isHeld ? holdMs : 0),
            DrawDisturbances(turn, acks, random), writeback, TimeSpan.FromMilliseconds(isSlow ? delayMs : 0), isCut && !isSlow && isStopped);
    }

    private static Disturbance[] DrawDisturbances(int turn, int acks, Random random)
    {
        int holdMs = random.Next(HoldMinMs, HoldMaxMs);
        double pauseMs = PauseMinMs * Math.Pow((double)PauseMaxMs / PauseMinMs, random.NextDouble());
        var reset = new Disturbance(DisturbanceKind.Reset, random.Next(acks), TimeSpan.FromMilliseconds(turn % 2 == 1 ? holdMs : 0));
        var pause = new Disturbance(DisturbanceKind.Pause, random.Next(acks), TimeSpan.FromMilliseconds(Math.Round(pauseMs)));
        Disturbance[] drawn = [.. turn % 3 == 0 ? [reset] : Array.Empty<Disturbance>(), .. turn % 5 == 0 ? [pause] : Array.Empty<Disturbance>()];
        return [.. drawn.OrderBy(disturbance => disturbance.AtAcks)];
    }
}
