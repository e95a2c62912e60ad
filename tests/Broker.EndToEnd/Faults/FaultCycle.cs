namespace Broker.EndToEnd.Faults;

/// <summary>One life of the broker, its end, and its return.</summary>
/// <param name="Life">As it was planned.</param>
/// <param name="Acks">Records acked during this life.</param>
/// <param name="Open">Transactions open shortly before the end, one of them certainly at the end: sent, and nobody asks to commit it.</param>
/// <param name="Committing">Transactions at the end that had asked to be committed.</param>
/// <param name="InFlight">Sends without an answer at the moment of the end.</param>
/// <param name="Rolls">Segments begun during this life.</param>
/// <param name="Checkpoints">Checkpoints completed during this life.</param>
/// <param name="Recycled">Files that had another name when this life began.</param>
/// <param name="Duplicates">Acks that named the offset of an earlier attempt: sent again after the end, or after a reset before.</param>
/// <param name="Withheld">Records written while the broker's answers were held back.</param>
/// <param name="Found">Of the sends without an answer then, those that were sent again and found.</param>
/// <param name="Resets">How often all connections were reset while the broker lived.</param>
/// <param name="ConnectionsReset">How many connections that were in all.</param>
/// <param name="Pauses">How often the broker was stopped and went on.</param>
/// <param name="PausedMs">For how long in all.</param>
/// <param name="DroppedBytes">Bytes that the broker had written and that the power cut took.</param>
/// <param name="DroppedNames">Files created, renamed or deleted that the power cut undid.</param>
/// <param name="WritebackCentisecs">The kernel's own pace of writing back.</param>
/// <param name="LifeMs">From ready to ended.</param>
/// <param name="RestartMs">From the start of the next process until it was ready.</param>
internal sealed record FaultCycle(
    int Cycle, Life Life, int Acks, int Open, int Committing, int InFlight, int Rolls, int Checkpoints, int Recycled, int Duplicates, long Withheld, int Found,
    int Resets, int ConnectionsReset, int Pauses, double PausedMs, long DroppedBytes, int DroppedNames, int WritebackCentisecs, double LifeMs,
    double RestartMs)
{
    public const int AcksMin = 1_000;

    /// <summary>A cycle that showed nothing counts as failed, and so does one in which not all was done that was planned.</summary>
    public bool IsGood => Acks >= AcksMin && Open > 0 && InFlight > 0 && Rolls > 0 && Checkpoints > 0 && WasDisturbed && WasFound;

    private bool WasDisturbed => Resets == Planned(DisturbanceKind.Reset).Count() && Pauses == Planned(DisturbanceKind.Pause).Count()
        && ConnectionsReset >= Resets;

    // Nobody had been told of what was withheld, so all of it is sent again, and it was written.
    private bool WasFound => Withheld > 0 == (HeldMs > 0) && Found >= Withheld && Duplicates >= Found;

    private double HeldMs => Planned(DisturbanceKind.Reset).Select(reset => reset.Length).Append(Life.Hold).Sum(hold => hold.TotalMilliseconds);

    public override string ToString()
    {
        string disturbed = (Withheld > 0 ? $", {Withheld:N0} written behind held answers and {Found:N0} found" : "")
            + (Resets > 0 ? $", {ConnectionsReset} connections reset" : "")
            + (Pauses > 0 ? $", paused {PausedMs:F0} ms" : "");
        string end = Life.Ending == Ending.Kill ? "kill" : $"cut  {DroppedBytes,10:N0} B and {DroppedNames,2} names dropped "
            + $"(write-back {WritebackCentisecs * 10} ms, syncs +{Life.SyncDelay.TotalMilliseconds:F0} ms)";
        return $"cycle {Cycle,3}: {Acks,7:N0} acks, {InFlight,5:N0} in flight, {Open,2} transactions open and {Committing,2} committing, {Rolls,4} rolls, {Checkpoints,3} checkpoints, {Recycled,3} recycled, "
            + $"{Duplicates,5:N0} resent and found, lived {LifeMs,5:F0} ms, back in {RestartMs,5:F0} ms, {end}{disturbed}{(IsGood ? "" : "  FAILED")}";
    }

    private IEnumerable<Disturbance> Planned(DisturbanceKind kind) => Life.Disturbances.Where(disturbance => disturbance.Kind == kind);
}
