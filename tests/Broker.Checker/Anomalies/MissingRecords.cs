using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>lost-write, unseen and torn-txn: what is committed is there, all of it.</summary>
internal static class MissingRecords
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (Operation operation in facts.History.Operations)
        {
            if (facts.Fates[operation.Ordinal] != Fate.Committed)
            {
                continue;
            }

            if (facts.IsTorn(operation))
            {
                FindTorn(facts, operation, findings);
            }
            else
            {
                FindLost(facts, operation, findings);
            }
        }
    }

    private static void FindTorn(Facts facts, Operation operation, Findings findings)
    {
        Write[] writes = [.. facts.Writes.Of(operation)];
        Write missing = Array.Find(writes, write => facts.IsMissing(write));
        Write there = Array.Find(writes, write => write.IsPolled);
        findings.Add(
            Anomaly.TornTransaction, missing.Key, missing.Offset,
            $"{writes.Count(write => facts.IsMissing(write))} of {writes.Length} records are missing, such as value {missing.Value} in "
            + $"{facts.History.NameOf(missing.Key)}; value {there.Value} is in {facts.History.NameOf(there.Key)} at offset {there.PolledOffset}",
            operation.Ordinal, facts.History.OperationAt(there.PolledAt).Ordinal);
    }

    private static void FindLost(Facts facts, Operation operation, Findings findings)
    {
        foreach (ref readonly Write write in facts.Writes.Of(operation))
        {
            if (!facts.IsMissing(write))
            {
                continue;
            }

            string name = facts.History.NameOf(write.Key);
            if (write.AckedOffset >= 0 && facts.Walk.HasPassed(write.Key, write.AckedOffset))
            {
                findings.Add(
                    Anomaly.LostWrite, write.Key, write.AckedOffset,
                    $"value {write.Value} was acked at {name} offset {write.AckedOffset}; readers went on beyond it, and nobody polled it", operation.Ordinal);
            }
            else
            {
                findings.Add(
                    Anomaly.Unseen, write.Key, write.AckedOffset,
                    $"value {write.Value} was acked, and is not in {name}, which was read from end to end", operation.Ordinal);
            }
        }
    }
}
