namespace Broker.Engine.Inspection;

/// <summary>What a verification read and found.</summary>
/// <param name="TornTail">Where a cut-off write ends the journal: not damage, the next start cuts it. Null when there is none.</param>
/// <param name="GivenUpRecordCount">Damaged records that an operator has given up: they are no problem any more.</param>
internal sealed record VerifyResult(
    int TopicCount, int SegmentCount, long BatchCount, long RecordCount, long BytesRead, long JournalEntryCount, string? TornTail,
    long GivenUpRecordCount, IReadOnlyList<Problem> Problems);
