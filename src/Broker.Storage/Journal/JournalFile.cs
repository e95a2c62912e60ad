using Broker.Storage.Files;

namespace Broker.Storage.Journal;

/// <summary>An open journal file that is written or ready to be.</summary>
internal sealed record JournalFile(IDiskFile File, long Number, long SizeBytes);
