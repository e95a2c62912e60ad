using Broker.Checker.Evidence;

namespace Broker.Checker.Anomalies;

/// <summary>inconsistent-offset and duplicate: an offset has one record, and a record one offset.</summary>
internal static class OffsetConflicts
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (PartitionLog log in facts.Logs)
        {
            FindTwoAtOneOffset(facts, log, findings);
        }

        var polledAgain = facts.Sightings.Again.ToLookup(sighting => sighting.Write);
        foreach (Sighting again in facts.Sightings.Again)
        {
            Write write = facts.Writes.All[again.Write];
            findings.Add(
                Anomaly.Duplicate, again.Key, again.Offset,
                $"value {again.Value} is in {facts.History.NameOf(again.Key)} at offset {write.PolledOffset} and at {again.Offset}",
                write.Operation, again.Operation);
        }

        for (int index = 0; index < facts.Writes.All.Length; index++)
        {
            Write write = facts.Writes.All[index];
            if (write.AckedOffset >= 0 && write.IsPolled && write.AckedOffset != write.PolledOffset
                && !polledAgain[index].Any(again => again.Offset == write.AckedOffset))
            {
                findings.Add(
                    Anomaly.InconsistentOffset, write.Key, write.PolledOffset,
                    $"value {write.Value} was acked at {facts.History.NameOf(write.Key)} offset {write.AckedOffset} and is at {write.PolledOffset}",
                    write.Operation, facts.History.OperationAt(write.PolledAt).Ordinal);
            }
        }
    }

    private static void FindTwoAtOneOffset(Facts facts, PartitionLog log, Findings findings)
    {
        LogEntry before = default;
        bool hasBefore = false;
        foreach (LogEntry entry in log.Entries)
        {
            // A broken payload has a name of its own.
            if (entry.Value == Histories.PolledRecord.NoValue)
            {
                continue;
            }

            if (hasBefore && entry.Offset == before.Offset)
            {
                findings.Add(
                    Anomaly.InconsistentOffset, log.Key, entry.Offset,
                    $"{facts.History.NameOf(log.Key)} offset {entry.Offset} holds value {before.Value} and value {entry.Value}",
                    [.. WriterOf(facts, before), .. WriterOf(facts, entry)]);
            }

            (before, hasBefore) = (entry, true);
        }
    }

    private static int[] WriterOf(Facts facts, LogEntry entry) => entry.Write < 0 ? [] : [facts.Writes.All[entry.Write].Operation];
}
