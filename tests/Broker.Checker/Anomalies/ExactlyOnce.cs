using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>
/// eo-transform: of programs that make one record from each that they consume, and commit both together. Each record from the first
/// that they polled up to the offset that they committed has one record made from it.
/// </summary>
internal static class ExactlyOnce
{
    public static void Find(Facts facts, Findings findings)
    {
        Operation[] transforms =
        [
            .. facts.History.Operations.Where(operation =>
                !operation.IsRetry && facts.Fates[operation.Ordinal] == Fate.Committed && Array.Exists(operation.Sends, sent => sent.SourceKey >= 0)),
        ];
        Dictionary<(int Key, long Value), List<Operation>> madeFrom = [];
        foreach (Operation transform in transforms)
        {
            foreach (SentRecord sent in transform.Sends.Where(sent => sent.SourceKey >= 0))
            {
                if (!madeFrom.TryGetValue((sent.SourceKey, sent.SourceValue), out List<Operation>? makers))
                {
                    madeFrom.Add((sent.SourceKey, sent.SourceValue), makers = []);
                }

                makers.Add(transform);
            }
        }

        foreach (((int key, long value), List<Operation> makers) in madeFrom.Where(each => each.Value.Count > 1))
        {
            findings.Add(
                Anomaly.ExactlyOnceTransform, key, OffsetOf(facts, key, value),
                $"{makers.Count} records were made from value {value} of {facts.History.NameOf(key)}", [.. makers.Select(maker => maker.Ordinal)]);
        }

        foreach (int key in madeFrom.Keys.Select(source => source.Key).Distinct())
        {
            FindLeftOut(facts, key, transforms, madeFrom, findings);
        }
    }

    private static void FindLeftOut(
        Facts facts, int key, Operation[] transforms, Dictionary<(int Key, long Value), List<Operation>> madeFrom, Findings findings)
    {
        long first = long.MaxValue;
        (long upTo, Operation? committer) = (-1, null);
        foreach (Operation transform in transforms)
        {
            foreach (PolledRecord polled in transform.Polls.Where(polled => polled.Key == key))
            {
                first = Math.Min(first, polled.Offset);
            }

            foreach (PartitionPosition committed in transform.Positions.Where(each => each.Key == key && each.Position > upTo))
            {
                (upTo, committer) = (committed.Position, transform);
            }
        }

        foreach (LogEntry entry in facts.Logs[key].Between(first, upTo))
        {
            if (entry.Write >= 0 && entry.IsPolled && !madeFrom.ContainsKey((key, entry.Value)))
            {
                findings.Add(
                    Anomaly.ExactlyOnceTransform, key, entry.Offset,
                    $"nothing was made from value {entry.Value} at {facts.History.NameOf(key)} offset {entry.Offset}, and {upTo} is committed",
                    facts.Writes.All[entry.Write].Operation, committer!.Ordinal);
            }
        }
    }

    private static long OffsetOf(Facts facts, int key, long value) =>
        facts.Writes.TryFind(key, value, out int write) ? facts.Writes.All[write].Offset : -1;
}
