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
/// <param name="Journal">Null when the journal was whole.</param>
internal sealed record RepairResult(IReadOnlyList<RepairStep> Steps, JournalRepair? Journal)
{
    public bool IsSettled => Journal is null or { Salvage: not null } && Steps.All(s => s.Outcome != RepairOutcome.Waiting);
}

/// <summary>What a repair did with a damaged journal.</summary>
/// <param name="Damage">One sentence.</param>
/// <param name="Salvage">What was kept; null when it waits for a word from the operator.</param>
/// <param name="KeptIn">Where the journal's files are now; null while they are where they were.</param>
internal sealed record JournalRepair(string Damage, SalvageReport? Salvage, string? KeptIn)
{
    /// <summary>One sentence, or some.</summary>
    public override string ToString()
    {
        if (Salvage is null)
        {
            return $"waiting: {Damage} Put the files back as they were, or run again with --accept-loss: then what comes before the damage is kept, and "
                + "what later entries have written to segments; a topic that was created, changed or deleted, or a producer that was given, only by later entries is "
                + "as it was before them.";
        }

        string orphans = Salvage.OrphanDirectories.Count == 0 ? ""
            : $" No topic is known for {string.Join(", ", Salvage.OrphanDirectories)}: left as they are.";
        return $"given up: the journal behind entry {Salvage.Replay.End.Lsn}, {Salvage.LostEntryCount} entries; {Salvage.RecordCount} records in "
            + $"{Salvage.BatchCount} batches of them stand in their segments and were kept. The journal's files are in {KeptIn}.{orphans} Why: {Damage}";
    }
}

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
