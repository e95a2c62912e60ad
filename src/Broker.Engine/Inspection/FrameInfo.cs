namespace Broker.Engine.Inspection;

/// <summary>One frame of the journal.</summary>
/// <param name="Kind">What it holds: mark, append, topic-created, …</param>
internal sealed record FrameInfo(string File, long Position, long Lsn, string Kind, int SizeBytes, long DurableUpTo, bool IsGroupLast);
