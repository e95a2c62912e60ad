namespace Broker.EndToEnd.Faults;

/// <summary>One life of the broker, its end, and its return.</summary>
/// <param name="Acks">Records acked during this life.</param>
/// <param name="InFlight">Sends without an answer at the moment of the end.</param>
/// <param name="Rolls">Segments begun during this life.</param>
/// <param name="Checkpoints">Checkpoints completed during this life.</param>
/// <param name="Recycled">Files that had another name when this life began.</param>
/// <param name="Duplicates">Acks that named the offset of an earlier attempt: sent again after the end of the life before.</param>
/// <param name="DroppedBytes">Bytes that the broker had written and that the power cut took.</param>
/// <param name="DroppedNames">Files created, renamed or deleted that the power cut undid.</param>
/// <param name="WritebackCentisecs">The kernel's own pace of writing back.</param>
/// <param name="SyncDelayMs">By which each sync was delayed.</param>
/// <param name="LifeMs">From ready to ended.</param>
/// <param name="RestartMs">From the start of the next process until it was ready.</param>
internal sealed record FaultCycle(
    int Cycle, Ending Ending, int Acks, int InFlight, int Rolls, int Checkpoints, int Recycled, int Duplicates, long DroppedBytes,
    int DroppedNames, int WritebackCentisecs, double SyncDelayMs, double LifeMs, double RestartMs)
{
    public const int AcksMin = 1_000;

    /// <summary>A cycle that showed nothing counts as failed.</summary>
    public bool IsGood => Acks >= AcksMin && InFlight > 0 && Rolls > 0 && Checkpoints > 0;

    public override string ToString()
    {
        string dropped = Ending == Ending.Kill ? "kill" : $"cut  {DroppedBytes,10:N0} B and {DroppedNames,2} names dropped "
            + $"(write-back {WritebackCentisecs * 10} ms, syncs +{SyncDelayMs:F0} ms)";
        return $"cycle {Cycle,3}: {Acks,7:N0} acks, {InFlight,5:N0} in flight, {Rolls,4} rolls, {Checkpoints,3} checkpoints, {Recycled,3} recycled, "
            + $"{Duplicates,5:N0} resent and found, lived {LifeMs,5:F0} ms, back in {RestartMs,5:F0} ms, {dropped}{(IsGood ? "" : "  FAILED")}";
    }
}
