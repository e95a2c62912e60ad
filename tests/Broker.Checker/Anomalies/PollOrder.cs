using Broker.Checker.Evidence;

namespace Broker.Checker.Anomalies;

/// <summary>poll-skip and nonmonotonic-poll, from call to call and within one, and offset-gap: a reader gets one offset after the other.</summary>
internal static class PollOrder
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (PollJump jump in facts.Walk.Jumps)
        {
            if (AnomalyOf(facts.Logs[jump.Key], jump) is { } anomaly)
            {
                findings.Add(
                    anomaly, jump.Key, jump.Found,
                    $"{facts.History.NameOf(jump.Key)}: offset {jump.Found} was polled where {jump.Expected} was next", jump.Operation);
            }
        }
    }

    private static Anomaly? AnomalyOf(PartitionLog log, PollJump jump)
    {
        if (jump.Found < jump.Expected)
        {
            return jump.IsWithin ? Anomaly.NonmonotonicPollWithin : Anomaly.NonmonotonicPoll;
        }

        ReadOnlySpan<LogEntry> between = log.Between(jump.Expected, jump.Found);
        if (between.IsEmpty)
        {
            return Anomaly.OffsetGap;
        }

        foreach (LogEntry entry in between)
        {
            if (entry.IsPolled)
            {
                return jump.IsWithin ? Anomaly.PollSkipWithin : Anomaly.PollSkip;
            }
        }

        // Records that were acked and polled by nobody: they are missing, not skipped.
        return null;
    }
}
