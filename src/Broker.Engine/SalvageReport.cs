using Broker.Storage.Journal;

namespace Broker.Engine;

/// <summary>What could be kept of a log whose journal is damaged.</summary>
/// <param name="Replay">What was carried out again, up to the damage.</param>
/// <param name="NewestLsn">The newest entry that there was: those between are lost, but for the records that were found.</param>
/// <param name="RecordCount">Records of lost entries that stand in their segments and were taken up, in so many batches.</param>
/// <param name="OrphanDirectories">Of topics that lost entries had created, or that were deleted: they are left as they are.</param>
internal sealed record SalvageReport(
    ReplayResult Replay, long NewestLsn, long BatchCount, long RecordCount, IReadOnlyList<string> OrphanDirectories)
{
    public long LostEntryCount => NewestLsn - Replay.End.Lsn;
}
