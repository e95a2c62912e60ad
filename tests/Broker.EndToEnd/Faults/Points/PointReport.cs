namespace Broker.EndToEnd.Faults.Points;

/// <summary>What the crashes at the calls of one script came to.</summary>
/// <param name="Calls">How many the script made when nothing was killed.</param>
internal sealed record PointReport(int Calls, IReadOnlyList<PointResult> Results) : IRunReport
{
    // Threads meet differently each time: a script may make a few calls less than when they were counted.
    private const double ReachedShareMin = 0.8;

    public int Reached => Results.Count(result => result.Call is not null);

    public IReadOnlyList<PointResult> Bad => [.. Results.Where(result => result.Findings.Count > 0)];

    public IReadOnlyList<string> Examples => [.. Bad.Select(result => result.ToString())];

    public bool IsGood => Results.Count > 0 && Bad.Count == 0 && Reached >= ReachedShareMin * Results.Count;

    public override string ToString() =>
        $"{Calls} calls in the script; {Reached} of {Results.Count} crashes reached their call, at {Results.Where(result => result.Call is not null).Select(result => result.Point).Distinct().Count()} points "
        + $"({string.Join(", ", Results.Where(result => result.Call is not null).GroupBy(result => result.Call!.Split(' ')[0]).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"))}); "
        + $"{Results.Sum(result => result.DroppedBytes):N0} B dropped; {Bad.Count} bad";
}
