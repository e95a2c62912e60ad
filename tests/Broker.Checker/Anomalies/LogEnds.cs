using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>
/// leo-regress and offset-ahead: whenever the broker says where a log ends, also after a restart, that is behind everything that was
/// acked, polled or told before, and no group has an offset beyond it.
/// </summary>
internal static class LogEnds
{
    public static void Find(Facts facts, Findings findings)
    {
        History history = facts.History;
        var reached = new (long End, int Operation)[history.KeyCount];
        var committed = new (long End, int Operation)[history.KeyCount];
        // What was known of the partitions that a call asks for, when it began.
        var known = new Dictionary<int, ((long End, int Operation) Reached, (long End, int Operation) Committed)[]>();
        for (int at = 0; at < history.EventCount; at++)
        {
            Operation operation = history.OperationAt(at);
            if (operation.Function == Function.ListOffsets && at == operation.InvokedAt)
            {
                known.Add(operation.Ordinal, [.. operation.Ends.Select(ends => (reached[ends.Key], committed[ends.Key]))]);
            }
            else if (at == operation.EndedAt)
            {
                if (known.Remove(operation.Ordinal, out var before) && operation.IsOk)
                {
                    Judge(history, operation, before, findings);
                }

                Note(operation, reached, committed);
            }
        }
    }

    private static void Judge(
        History history, Operation asked, ((long End, int Operation) Reached, (long End, int Operation) Committed)[] before, Findings findings)
    {
        for (int index = 0; index < asked.Ends.Length; index++)
        {
            PartitionEnds ends = asked.Ends[index];
            ((long End, int Operation) reached, (long End, int Operation) committed) = before[index];
            string name = history.NameOf(ends.Key);
            if (ends.HighWatermark < reached.End)
            {
                findings.Add(
                    Anomaly.LogEndRegress, ends.Key, ends.HighWatermark,
                    $"{name} ends at {ends.HighWatermark}, and had reached {reached.End}", reached.Operation, asked.Ordinal);
            }

            if (ends.HighWatermark < committed.End)
            {
                findings.Add(
                    Anomaly.OffsetAhead, ends.Key, ends.HighWatermark,
                    $"{name} ends at {ends.HighWatermark}, and a group is at {committed.End}", committed.Operation, asked.Ordinal);
            }
        }
    }

    private static void Note(Operation operation, (long End, int Operation)[] reached, (long End, int Operation)[] committed)
    {
        foreach (PolledRecord polled in operation.Polls)
        {
            Raise(ref reached[polled.Key], polled.Offset + 1, operation);
        }

        if (!operation.IsOk)
        {
            return;
        }

        foreach (SentRecord sent in operation.Sends)
        {
            Raise(ref reached[sent.Key], sent.Offset + 1, operation);
        }

        foreach (PartitionEnds ends in operation.Ends)
        {
            Raise(ref reached[ends.Key], ends.HighWatermark, operation);
        }

        if (operation.Function != Function.Assign)
        {
            foreach (PartitionPosition position in operation.Positions)
            {
                Raise(ref committed[position.Key], position.Position, operation);
            }
        }
    }

    private static void Raise(ref (long End, int Operation) highest, long end, Operation operation)
    {
        if (end > highest.End)
        {
            highest = (end, operation.Ordinal);
        }
    }
}
