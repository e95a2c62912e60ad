namespace Broker.EndToEnd.Faults.Errors;

/// <summary>What calls that fail came to.</summary>
internal sealed record ErrorReport(IReadOnlyList<ErrorResult> Results) : IRunReport
{
    // Threads meet differently each time, and not each makes as many calls as are tried.
    private const double ReachedShareMin = 0.3;

    public int Reached => Results.Count(result => result.Files.Count > 0);

    public IReadOnlyList<string> Examples => [.. Results.Where(result => result.Findings.Count > 0).Select(result => result.ToString())];

    public bool IsGood => Examples.Count == 0 && Reached > 0 && Reached >= ReachedShareMin * Results.Count;

    public override string ToString() =>
        $"{Reached} of {Results.Count} errors reached a call "
        + $"({string.Join(", ", Results.Where(r => r.Files.Count > 0).GroupBy(r => r.Point.Call).Select(calls => $"{calls.Count()} {calls.Key}"))}): "
        + $"{Results.Count(r => r.Files.Count > 0 && r.ExitCode is null)} went on, {Results.Count(r => r.ExitCode is not null)} ended the broker, "
        + $"{Results.Sum(r => r.Refused)} sends refused; {Results.Sum(r => r.Acked):N0} acked, {Examples.Count} bad";
}
