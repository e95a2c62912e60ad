namespace Broker.Simulation;

/// <summary>The sums over all seeds of a run, and which failed.</summary>
internal sealed class SimulationReport
{
    // From so many seeds on, each kind of event must have been met by one in a hundred.
    private const int SeedsForShares = 500;

    public ulong FirstSeed { get; init; }

    public int Seeds { get; private set; }

    public long Operations { get; private set; }

    public long Appends { get; private set; }

    public long Commits { get; private set; }

    public long Crashes { get; private set; }

    public long PowerCuts { get; private set; }

    public long CrashesInRecovery { get; private set; }

    public long FailedSyncs { get; private set; }

    public long Checkpoints { get; private set; }

    public double Seconds { get; set; }

    /// <summary>How many seeds met each event at least once.</summary>
    public SortedDictionary<string, int> SeedsWith { get; } = new(StringComparer.Ordinal)
    {
        ["torn tail"] = 0,
        ["lost rename"] = 0,
        ["interrupted checkpoint"] = 0,
        ["recycled file"] = 0,
        ["quarantine"] = 0,
        ["failed sync"] = 0,
        ["forgotten producer"] = 0,
        ["zombie"] = 0,
        ["mismatched offset"] = 0,
        ["commit"] = 0,
        ["commit from a staging file"] = 0,
        ["transaction timeout"] = 0,
        ["late call"] = 0,
    };

    /// <summary>The seeds that broke a promise, and which.</summary>
    public SortedDictionary<ulong, string> Failures { get; } = [];

    public IEnumerable<string> TooRare => Seeds < SeedsForShares ? [] : SeedsWith.Where(s => s.Value * 100L < Seeds).Select(s => s.Key);

    public bool IsGood => Seeds > 0 && Operations > 0 && Failures.Count == 0 && !TooRare.Any();

    public void Add(SeedResult result)
    {
        Seeds++;
        Operations += result.Operations;
        Appends += result.Appends;
        Crashes += result.Crashes;
        PowerCuts += result.PowerCuts;
        CrashesInRecovery += result.CrashesInRecovery;
        FailedSyncs += result.FailedSyncs;
        Checkpoints += result.Checkpoints;
        Count("torn tail", result.TornTails);
        Count("lost rename", result.LostRenames);
        Count("interrupted checkpoint", result.InterruptedCheckpoints);
        Count("recycled file", result.RecycledFiles);
        Count("quarantine", result.Quarantines);
        Count("failed sync", result.FailedSyncs);
        Count("forgotten producer", result.ForgottenProducers);
        Count("zombie", result.Zombies);
        Count("mismatched offset", result.Mismatches);
        Count("commit", result.Commits);
        Count("commit from a staging file", result.SpilledCommits);
        Count("transaction timeout", result.TimedOut);
        Count("late call", result.LateCalls);
        Commits += result.Commits;
        if (result.Failure is not null)
        {
            Failures[result.Seed] = result.Failure;
        }
    }

    public override string ToString() =>
        $"""
        {Seeds} seeds from {FirstSeed} in {Seconds:0} s ({Seeds / Seconds:0.0} a second): {Failures.Count} failed
        {Operations} operations, {Appends} batches and {Commits} transactions taken in, {Checkpoints} checkpoints
        {Crashes} crashes of a running broker, {CrashesInRecovery} in recovery, {PowerCuts} of them power cuts; {FailedSyncs} failed syncs
        seeds that met: {string.Join(", ", SeedsWith.Select(s => $"{s.Key} {s.Value} ({100.0 * s.Value / Math.Max(1, Seeds):0.0} %)"))}
        {(TooRare.Any() ? "too rare to show anything: " + string.Join(", ", TooRare) : "")}
        """;

    private void Count(string what, int times) => SeedsWith[what] += times > 0 ? 1 : 0;
}
