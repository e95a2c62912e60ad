namespace Broker.Engine.Inspection;

/// <summary>One stored batch as it lies in a segment. Times are milliseconds since 1970 UTC.</summary>
internal sealed record BatchInfo(
    long Position, int SizeBytes, long BaseOffset, long LastOffset, int RecordCount, string Codec, long MaxTimestampMs, long AppendTimeMs,
    long Lsn, long ProducerId, int ProducerEpoch, long BaseSequence);
