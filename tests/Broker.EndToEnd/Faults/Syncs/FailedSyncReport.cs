namespace Broker.EndToEnd.Faults.Syncs;

/// <summary>What a run of failed syncs did and found.</summary>
internal sealed record FailedSyncReport(
    long Seed, IReadOnlyList<FailedSync> Runs, int Sent, int Acked, IReadOnlyDictionary<string, int> Findings, IReadOnlyList<string> Examples) : IRunReport
{
    public bool IsGood => Runs.Count > 0 && Acked > 0 && Runs.Sum(r => r.InFlight) > 0 && Findings.Count == 0;

    public override string ToString() =>
        $"{Runs.Count} failed syncs, seed {Seed}: {Acked:N0} of {Sent:N0} records acked, {Runs.Sum(r => r.LateAcks)} acked after a failure, "
        + $"the slowest exit {SlowestMs(r => r.Acks > 0):F0} ms after it, of those that were starting {SlowestMs(r => r.Acks == 0):F0} ms; "
        + (Findings.Count == 0 ? "nothing lost, nothing twice, all in order" : string.Join(", ", Findings.Select(f => $"{f.Value} {f.Key}")));

    private double SlowestMs(Func<FailedSync, bool> which) => Runs.Where(which).Select(r => r.ExitMs).DefaultIfEmpty().Max();
}
