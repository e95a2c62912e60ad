namespace Broker.Storage.Segments;

/// <summary>One place where a batch begins.</summary>
/// <param name="RelativeOffset">The batch's base offset less the segment's.</param>
/// <param name="Position">Byte in the segment.</param>
/// <param name="MaxTimestampBeforeMs">Largest record timestamp in the segment before this place.</param>
internal readonly record struct IndexEntry(uint RelativeOffset, int Position, long MaxTimestampBeforeMs);
