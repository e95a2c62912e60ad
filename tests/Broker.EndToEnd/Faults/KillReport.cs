namespace Broker.EndToEnd.Faults;

/// <summary>What a whole run came to.</summary>
internal sealed record KillReport(
    long Seed,
    IReadOnlyList<KillCycle> Cycles,
    int Sent,
    int Acked,
    int Duplicates,
    IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<string> Examples)
{
    // About every second kill hits batches that were written and not yet acked. Without any of those in so many kills,
    // nothing was shown about what is sent again.
    private const int KillsThatMustResend = 10;

    public bool IsGood => Findings.Count == 0 && Cycles.All(cycle => cycle.IsGood)
        && (Cycles.Count < KillsThatMustResend || Duplicates > 0);

    public int Lost => Findings.GetValueOrDefault("lost-write");

    public int Duplicated => Findings.GetValueOrDefault("duplicate");

    public override string ToString() =>
        $"{Cycles.Count} kills, seed {Seed}: {Acked:N0} of {Sent:N0} records acked, {Lost} lost, {Duplicated} duplicated, "
        + $"{Duplicates:N0} resent and found; worst restart {Cycles.Max(cycle => cycle.RestartMs):F0} ms"
        + (Findings.Count == 0 ? "" : "; " + string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
