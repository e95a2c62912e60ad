namespace Broker.Storage.Journal;

/// <summary>What recovery found in the journal.</summary>
/// <param name="End">After the last whole entry.</param>
/// <param name="EntryCount">Entries replayed.</param>
/// <param name="BytesRead">Bytes of whole frames.</param>
/// <param name="TornTail">Where a write was cut off, as "file at byte N"; null when the journal ended cleanly.</param>
/// <param name="HighestFileNumber">The highest number of any journal file, 0 when there is none.</param>
internal sealed record ReplayResult(JournalPosition End, long EntryCount, long BytesRead, string? TornTail, long HighestFileNumber);
