namespace Broker.Storage.Segments;

internal enum LogReadStatus
{
    /// <summary>The slice holds batches, or nothing when the offset is the high watermark.</summary>
    Ok,

    /// <summary>Before the log start or behind the high watermark.</summary>
    OffsetOutOfRange,

    /// <summary>The bytes on disk are not what was written.</summary>
    Corrupt,
}
