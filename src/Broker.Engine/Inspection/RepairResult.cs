namespace Broker.Engine.Inspection;

/// <summary>What became of damage.</summary>
internal enum RepairOutcome
{
    /// <summary>Its records would be lost: it waits for a word from the operator.</summary>
    Waiting,

    /// <summary>Its bytes are as they were written again: they are served.</summary>
    Mended,

    /// <summary>Its records are given up for ever; the partition takes records again.</summary>
    GivenUp,
}

/// <summary>What a repair did, damage by damage; empty when there was none.</summary>
internal sealed record RepairResult(IReadOnlyList<RepairStep> Steps);

/// <summary>What a repair did with one damaged part of a partition.</summary>
/// <param name="FromOffset">First offset that could not be read.</param>
/// <param name="NextOffset">First offset behind it that could.</param>
/// <param name="Path">The segment's file.</param>
/// <param name="KeptAs">Where a copy of the damaged file is kept; null when there is none.</param>
internal sealed record RepairStep(
    string Topic, int Partition, long FromOffset, long NextOffset, string Path, RepairOutcome Outcome, string? KeptAs)
{
    /// <summary>One sentence.</summary>
    public override string ToString()
    {
        string place = $"topic {Topic}, partition {Partition}, offsets {FromOffset} to {NextOffset - 1} ({Path})";
        string kept = KeptAs is null ? "" : $"; the damaged file is kept as {KeptAs}";
        return Outcome switch
        {
            RepairOutcome.Mended => $"mended: {place} can be read again",
            RepairOutcome.GivenUp => $"given up: {place} are lost for ever, the partition takes records again{kept}",
            _ => $"waiting: {place} would be lost; put the file back as it was, or run again with --accept-loss",
        };
    }
}
