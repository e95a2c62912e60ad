namespace Broker.Engine;

/// <summary>What opening a data directory found and did.</summary>
/// <param name="IsNew">Nothing was there before.</param>
/// <param name="ReplayedEntries">Journal entries carried out again.</param>
/// <param name="ReplayedBytes">Their bytes in the journal.</param>
/// <param name="TornTail">Where a cut-off write ended the journal; null when there was none.</param>
internal sealed record RecoveryReport(
    bool IsNew, int TopicCount, int PartitionCount, long ReplayedEntries, long ReplayedBytes, string? TornTail, TimeSpan Duration);
