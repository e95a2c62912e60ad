namespace Broker.EndToEnd.Faults;

/// <summary>What a whole run came to.</summary>
/// <param name="LostUnsynced">Records acked with durability os that a power cut took, as it may.</param>
internal sealed record FaultReport(
    FaultPlan Plan,
    IReadOnlyList<FaultCycle> Cycles,
    int Sent,
    int Acked,
    int Duplicates,
    int LostUnsynced,
    IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<string> Examples) : IRunReport
{
    // About every second kill hits batches that were written and not yet acked. Without any of those in so many, nothing was
    // shown about what is sent again. A power cut takes most of them.
    private const int KillsThatMustResend = 10;

    public bool IsGood => Findings.Count == 0 && Cycles.Count == Plan.Kills + Plan.PowerCuts && Cycles.All(cycle => cycle.IsGood)
        && (Kills < KillsThatMustResend || Duplicates > 0)
        && (PowerCuts == 0 || DroppedBytes > 0);

    public int Kills => Cycles.Count(cycle => cycle.Ending == Ending.Kill);

    public int PowerCuts => Cycles.Count(cycle => cycle.Ending == Ending.PowerCut);

    public long DroppedBytes => Cycles.Sum(cycle => cycle.DroppedBytes);

    public int DroppedNames => Cycles.Sum(cycle => cycle.DroppedNames);

    public int Rolls => Cycles.Sum(cycle => cycle.Rolls);

    public int Checkpoints => Cycles.Sum(cycle => cycle.Checkpoints);

    public int Recycled => Cycles.Sum(cycle => cycle.Recycled);

    public int Lost => Findings.GetValueOrDefault("lost-write");

    public int Duplicated => Findings.GetValueOrDefault("duplicate");

    public int OutOfOrder => Findings.GetValueOrDefault("nonmonotonic-send") + Findings.GetValueOrDefault("realtime-order");

    public double WorstRestartMs => Cycles.Count == 0 ? 0 : Cycles.Max(cycle => cycle.RestartMs);

    public override string ToString() =>
        $"{Kills} kills and {PowerCuts} power cuts, seed {Plan.Seed}: {Acked:N0} of {Sent:N0} records acked, {Lost} lost, {Duplicated} duplicated, "
        + $"{OutOfOrder} out of order; {Duplicates:N0} resent and found; {Rolls:N0} rolls, {Checkpoints:N0} checkpoints, {Recycled:N0} files used again; "
        + $"{DroppedBytes:N0} B and {DroppedNames:N0} names dropped by the cuts, {LostUnsynced:N0} records of durability os with them; "
        + $"worst restart {WorstRestartMs:F0} ms"
        + (Findings.Count == 0 ? "" : "; " + string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
