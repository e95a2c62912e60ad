using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>
/// nonmonotonic-send, int-nonmonotonic-send and int-send-skip: records stand in the order in which a process sent them, those of one
/// call together.
/// </summary>
internal static class SendOrder
{
    public static void Find(Facts facts, Findings findings)
    {
        // By process and partition: the highest offset so far, and who wrote it.
        var last = new Dictionary<(int Process, int Key), (long Offset, int Operation)>();
        foreach (Operation operation in facts.History.Operations)
        {
            if (operation.Sends.Length == 0 || operation.IsRetry || facts.Fates[operation.Ordinal] != Fate.Committed)
            {
                continue;
            }

            foreach (int key in operation.Sends.Select(sent => sent.Key).Distinct())
            {
                Judge(facts, operation, key, last, findings);
            }
        }
    }

    private static void Judge(
        Facts facts, Operation operation, int key, Dictionary<(int Process, int Key), (long Offset, int Operation)> last, Findings findings)
    {
        (long min, long max, long before) = (long.MaxValue, -1, -1);
        int count = 0;
        bool isEachKnown = true;
        bool isAscending = true;
        foreach (ref readonly Write write in facts.Writes.Of(operation))
        {
            if (write.Key != key)
            {
                continue;
            }

            count++;
            isEachKnown &= write.Offset >= 0;
            if (write.Offset >= 0)
            {
                isAscending &= write.Offset >= before;
                before = write.Offset;
                min = Math.Min(min, write.Offset);
                max = Math.Max(max, write.Offset);
            }
        }

        if (max < 0)
        {
            return;
        }

        string name = facts.History.NameOf(key);
        if (!isAscending)
        {
            findings.Add(Anomaly.NonmonotonicSendWithin, key, min, $"records of one call are in another order in {name}, from offset {min} on", operation.Ordinal);
        }

        // Two records at one offset are no gap between them, and have a name of their own.
        if (isEachKnown && max - min >= count)
        {
            findings.Add(
                Anomaly.SendSkipWithin, key, min, $"{count} records of one call reach from offset {min} to {max} in {name}", operation.Ordinal);
        }

        (long Offset, int Operation) previous = last.GetValueOrDefault((operation.Process, key), (-1, -1));
        if (min < previous.Offset)
        {
            findings.Add(
                Anomaly.NonmonotonicSend, key, min,
                $"process {operation.Process} wrote to {name} at offset {previous.Offset}, and later at {min}", previous.Operation, operation.Ordinal);
        }

        if (max > previous.Offset)
        {
            last[(operation.Process, key)] = (max, operation.Ordinal);
        }
    }
}
