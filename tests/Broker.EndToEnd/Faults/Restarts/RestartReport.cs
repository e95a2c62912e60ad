namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>What a storm of restarts came to.</summary>
/// <param name="EndedBeforeServing">Lives that were ended while the broker was still starting.</param>
/// <param name="Files">Files in the data directory at the end.</param>
internal sealed record RestartReport(
    int Restarts, long Seed, int EndedBeforeServing, int Acked, int Duplicates, double WorstStartMs, int Files,
    IReadOnlyDictionary<string, int> Findings, IReadOnlyList<string> Examples) : IRunReport
{
    public bool IsGood => Findings.Count == 0 && Acked > 0 && EndedBeforeServing > 0 && EndedBeforeServing < Restarts;

    public override string ToString() =>
        $"{Restarts} restarts, seed {Seed}: {EndedBeforeServing} ended before serving; {Acked:N0} acks, {Duplicates:N0} resent and found; "
        + $"slowest start of those that were checked {WorstStartMs:F0} ms; {Files} files at the end"
        + (Findings.Count == 0 ? ", none of them left over" : "; " + string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
