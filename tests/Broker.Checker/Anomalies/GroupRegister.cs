using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>The offset of one group in one partition: which values a fetch may still find there.</summary>
internal sealed class GroupRegister
{
    private readonly Dictionary<long, (int FirstInvokedAt, int LastEndedAt)> _attempts = [];
    private readonly HashSet<long> _aborted = [];

    /// <summary>A commit that certainly happened began here: what had ended before was replaced. -1 before the first.</summary>
    public int Floor { get; private set; } = -1;

    /// <summary>The commit that set the floor.</summary>
    public int FloorOperation { get; private set; } = -1;

    public void Begin(long position, Operation commit, Fate fate)
    {
        if (fate == Fate.Aborted)
        {
            _aborted.Add(position);
            return;
        }

        _attempts[position] = _attempts.TryGetValue(position, out (int FirstInvokedAt, int LastEndedAt) known)
            ? (known.FirstInvokedAt, Math.Max(known.LastEndedAt, commit.CompletedAt))
            : (commit.InvokedAt, commit.CompletedAt);
    }

    public void Happened(Operation commit) => RaiseFloor(commit.InvokedAt, commit.Ordinal);

    /// <param name="floor">That of the time when the fetch began.</param>
    /// <returns>Null for a value that may be there.</returns>
    public Anomaly? Judge(long found, int floor, Operation fetch)
    {
        if (found == PartitionPosition.None ? floor < 0 : IsPossible(found, floor))
        {
            if (_attempts.TryGetValue(found, out (int FirstInvokedAt, int LastEndedAt) seen))
            {
                // One of the commits of this value happened, the first of them at the earliest.
                RaiseFloor(seen.FirstInvokedAt, fetch.Ordinal);
            }

            return null;
        }

        return _aborted.Contains(found) ? Anomaly.AbortedRead
            : _attempts.ContainsKey(found) ? Anomaly.OffsetRegress
            : Anomaly.OffsetLost;
    }

    private bool IsPossible(long found, int floor) =>
        _attempts.TryGetValue(found, out (int FirstInvokedAt, int LastEndedAt) attempt) && attempt.LastEndedAt >= floor;

    private void RaiseFloor(int invokedAt, int operation)
    {
        if (invokedAt > Floor)
        {
            (Floor, FloorOperation) = (invokedAt, operation);
        }
    }
}
