namespace Broker.Simulation;

/// <summary>What one seed did and met.</summary>
internal sealed class SeedResult
{
    public required ulong Seed { get; init; }

    public int Operations { get; set; }

    /// <summary>How many partitions there were at the same time, at most.</summary>
    public int PartitionsMost { get; set; }

    public int Appends { get; set; }

    public int Crashes { get; set; }

    public int CrashesInRecovery { get; set; }

    public int PowerCuts { get; set; }

    public int TornTails { get; set; }

    public int LostRenames { get; set; }

    public int InterruptedCheckpoints { get; set; }

    public int Checkpoints { get; set; }

    public int RecycledFiles { get; set; }

    public int FailedSyncs { get; set; }

    public int Quarantines { get; set; }

    /// <summary>Producers that wrote again after the broker had forgotten them.</summary>
    public int ForgottenProducers { get; set; }

    /// <summary>Batches of a producer whose name was taken over.</summary>
    public int Zombies { get; set; }

    /// <summary>Appends that expected another end of the partition.</summary>
    public int Mismatches { get; set; }

    public int Commits { get; set; }

    /// <summary>Commits of what was staged in a file.</summary>
    public int SpilledCommits { get; set; }

    /// <summary>Transactions that took longer than they might.</summary>
    public int TimedOut { get; set; }

    /// <summary>Calls for a transaction that had come to its end, or for one of an earlier run.</summary>
    public int LateCalls { get; set; }

    public ulong TraceHash { get; set; }

    /// <summary>What was broken, with the last lines of the trace; null when nothing was.</summary>
    public string? Failure { get; set; }
}
