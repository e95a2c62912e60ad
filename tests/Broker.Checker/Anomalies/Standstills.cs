using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>stuck: calls are answered, and when nobody writes any more, readers come to the end.</summary>
internal static class Standstills
{
    // Several times what a broker that is started again, or a read that waits, takes.
    private const long StuckNs = 10_000_000_000;

    public static void Find(Facts facts, Findings findings)
    {
        History history = facts.History;
        long lastNs = history.EventCount == 0 ? 0 : history.OperationAt(history.EventCount - 1).EndedNs;
        foreach (Operation operation in history.Operations)
        {
            if (operation.EndedAt == Operation.Never && lastNs - operation.InvokedNs >= StuckNs)
            {
                findings.Add(Anomaly.Stuck, $"a {Names.Of(operation.Function)} of process {operation.Process} has had no answer", operation.Ordinal);
            }
        }

        foreach (Standstill still in facts.Walk.Standstills)
        {
            long end = EndOf(facts, still.Key);
            if (still.Next < end && still.UntilNs - Math.Max(still.SinceNs, facts.Bounds.LastWriteNs) >= StuckNs)
            {
                findings.Add(
                    Anomaly.Stuck, still.Key, still.Next,
                    $"a reader of {history.NameOf(still.Key)} waits for offset {still.Next}, and the log reaches to {end}", still.Operation);
            }
        }
    }

    private static long EndOf(Facts facts, int key)
    {
        ReadOnlySpan<LogEntry> entries = facts.Logs[key].Entries;
        return Math.Max(facts.Bounds.EndMax(key), entries.IsEmpty ? 0 : entries[^1].Offset + 1);
    }
}
