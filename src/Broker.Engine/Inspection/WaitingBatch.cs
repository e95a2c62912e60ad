namespace Broker.Engine.Inspection;

/// <summary>A batch that the journal holds and the next start writes to its segment, again or for the first time.</summary>
internal readonly record struct WaitingBatch(int SizeBytes, int RecordCount, long NextOffset);
