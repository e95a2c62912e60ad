using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>
/// realtime-order: what was sent after a record had been acked or polled stands behind it. Two records of one process are left to
/// nonmonotonic-send.
/// </summary>
internal static class RealtimeOrder
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (PartitionLog log in facts.Logs)
        {
            FindIn(facts, log, findings);
        }
    }

    /// <summary>One pass by offset. Of what stands before, the two that were sent last by different processes suffice.</summary>
    private static void FindIn(Facts facts, PartitionLog log, Findings findings)
    {
        Operation? latest = null, latestOfAnother = null;
        foreach (LogEntry entry in log.Entries)
        {
            if (entry.Write < 0 || facts.Fates[facts.Writes.All[entry.Write].Operation] != Fate.Committed)
            {
                continue;
            }

            Operation writer = facts.History.Operations[facts.Writes.All[entry.Write].Operation];
            Operation? before = latest?.Process == writer.Process ? latestOfAnother : latest;
            if (before is not null && facts.Fates.KnownAt(writer.Ordinal) < before.InvokedAt)
            {
                findings.Add(
                    Anomaly.RealtimeOrder, log.Key, entry.Offset,
                    $"{facts.History.NameOf(log.Key)} offset {entry.Offset} was acked or polled before a record at a lower offset was sent",
                    writer.Ordinal, before.Ordinal);
            }

            if (latest is null || writer.InvokedAt > latest.InvokedAt)
            {
                latestOfAnother = latest?.Process == writer.Process ? latestOfAnother : latest;
                latest = writer;
            }
            else if (writer.Process != latest.Process && (latestOfAnother is null || writer.InvokedAt > latestOfAnother.InvokedAt))
            {
                latestOfAnother = writer;
            }
        }
    }
}
