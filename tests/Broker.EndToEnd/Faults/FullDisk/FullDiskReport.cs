namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>What a run of full disks did and found.</summary>
internal sealed record FullDiskReport(
    int Planned, long Seed, IReadOnlyList<FullDiskCycle> Cycles, int Sent, int Acked, IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<string> Examples) : IRunReport
{
    // Now and then the broker sees that it is full before it writes again.
    private const double WaitedShareMin = 0.5;

    public bool IsGood => Findings.Count == 0 && Cycles.Count == Planned && Acked > 0
        && Cycles.All(cycle => cycle.ReadBack > 0 && (cycle.Approach == Approach.Sudden || (cycle.Refused > 0 && cycle.FailedSends > 0)))
        && Cycles.Count(cycle => cycle.Waited) >= WaitedShareMin * Cycles.Count(cycle => cycle.Approach == Approach.Sudden);

    public override string ToString() =>
        $"{Cycles.Count} times a full disk, seed {Seed}: {Acked:N0} of {Sent:N0} records acked; {Cycles.Count(c => c.Waited)} times the broker's own writes failed, "
        + $"{Cycles.Sum(c => c.Refused):N0} batches refused; {Cycles.Sum(c => (long)c.ReadBack):N0} records read while it was full; sends went on "
        + $"{Cycles.Select(c => c.ResumeMs).DefaultIfEmpty().Max():F0} ms after there was space at the latest; "
        + (Findings.Count == 0 ? "no restart, nothing lost, nothing twice, all in order" : string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
