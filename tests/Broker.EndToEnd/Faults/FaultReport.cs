using Broker.EndToEnd.ExactlyOnce;

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
    ExactlyOnceReport ExactlyOnce,
    IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<string> Examples) : IRunReport
{
    // Of each kind of ending, so many lives in a row have each kind of disturbance, and answers held back before a kill.
    private const int LivesOfAllKinds = 5;

    public bool IsGood => Findings.Count == 0 && Cycles.Count == Plan.Kills + Plan.PowerCuts && Cycles.All(cycle => cycle.IsGood)
        && (Math.Max(Kills, PowerCuts) < LivesOfAllKinds || (Resets > 0 && Pauses > 0))
        && (Cycles.Count < LivesOfAllKinds || (Committing > 0 && ExactlyOnce.IsGood))
        && (Kills < LivesOfAllKinds || (Withheld > 0 && Duplicates > 0))
        && (PowerCuts == 0 || DroppedBytes > 0);

    public int Kills => Cycles.Count(cycle => cycle.Life.Ending == Ending.Kill);

    public int PowerCuts => Cycles.Count(cycle => cycle.Life.Ending == Ending.PowerCut);

    public int Open => Cycles.Sum(cycle => cycle.Open);

    public int Committing => Cycles.Sum(cycle => cycle.Committing);

    public long Withheld => Cycles.Sum(cycle => cycle.Withheld);

    public int Resets => Cycles.Sum(cycle => cycle.Resets);

    public int ConnectionsReset => Cycles.Sum(cycle => cycle.ConnectionsReset);

    public int Pauses => Cycles.Sum(cycle => cycle.Pauses);

    public double PausedMs => Cycles.Sum(cycle => cycle.PausedMs);

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
        + $"{OutOfOrder} out of order; {Duplicates:N0} resent and found, {Withheld:N0} of them behind held answers; "
        + $"{Resets:N0} times {ConnectionsReset:N0} connections in all reset, {Pauses:N0} times paused, {PausedMs:N0} ms in all; {Rolls:N0} rolls, {Checkpoints:N0} checkpoints, {Recycled:N0} files used again; "
        + $"{DroppedBytes:N0} B and {DroppedNames:N0} names dropped by the cuts, {LostUnsynced:N0} records of durability os with them; "
        + $"worst restart {WorstRestartMs:F0} ms; {Open:N0} transactions open at the ends and {Committing:N0} committing; {ExactlyOnce}"
        + (Findings.Count == 0 ? "" : "; " + string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
