namespace Broker.EndToEnd.Faults;

/// <summary>One life of the broker as it is planned.</summary>
/// <param name="Acks">It ends after so many acks, and when a segment was begun and a checkpoint completed.</param>
/// <param name="Lingering">How long it goes on then.</param>
/// <param name="WritebackCentisecs">How often the kernel writes dirty pages back by itself; 0 never.</param>
/// <param name="SyncDelay">By how much each sync is delayed, so that many a cut comes between a write and its sync.</param>
/// <param name="IsStopped">The process is stopped for the cut, and not killed before it.</param>
internal sealed record Life(Ending Ending, int Acks, TimeSpan Lingering, int WritebackCentisecs, TimeSpan SyncDelay, bool IsStopped)
{
    // Some thousand records share a sync, and take up to a hundred milliseconds to be written, applied and acked: a delay must be longer
    // than that, or few cuts come within it.
    private const int SyncDelayMinMs = 60, SyncDelayMaxMs = 160;

    private static readonly int[] WritebackIntervals = [0, 50, 500];

    /// <param name="number">Of lives before it with this ending: the settings take turns.</param>
    public static Life Draw(Ending ending, int number, Random random, bool canSlowSyncs)
    {
        int acks = random.Next(2 * FaultCycle.AcksMin, 20 * FaultCycle.AcksMin);
        int lingeringMs = random.Next(0, SyncDelayMaxMs), writeback = WritebackIntervals[number % WritebackIntervals.Length];
        int delayMs = random.Next(SyncDelayMinMs, SyncDelayMaxMs);
        bool isStopped = random.Next(0, 2) == 0;
        bool isCut = ending == Ending.PowerCut, isSlow = isCut && canSlowSyncs && number % 2 == 1;

        // A delayed sync would go on in a process that is only stopped.
        return new Life(
            ending, acks, TimeSpan.FromMilliseconds(lingeringMs), writeback, TimeSpan.FromMilliseconds(isSlow ? delayMs : 0),
            isCut && !isSlow && isStopped);
    }
}
