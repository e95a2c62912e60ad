namespace Broker.Engine.Offsets;

/// <summary>A committed offset.</summary>
/// <param name="CommitTimeMs">Milliseconds since 1970 UTC.</param>
internal sealed record OffsetValue(long Offset, string Metadata, long CommitTimeMs);
