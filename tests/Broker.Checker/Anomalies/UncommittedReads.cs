using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>G1a, precommitted-read and double-outcome: only what is committed is ever seen.</summary>
internal static class UncommittedReads
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (Write write in facts.Writes.All)
        {
            if (write.IsPolled)
            {
                Judge(facts, write, findings);
            }
        }

        foreach (Operation transaction in facts.History.Operations.Where(operation => operation.Function == Function.Txn))
        {
            FindOwn(facts, transaction, findings);
        }

        foreach ((Operation transaction, Operation answer) in facts.Fates.Contradictions)
        {
            findings.Add(
                Anomaly.DoubleOutcome,
                $"transaction {transaction.TransactionNumber} of producer {transaction.ProducerId} epoch {transaction.Epoch} is now said to be "
                + (answer.Committed == true ? "committed" : "aborted"),
                transaction.Ordinal, answer.Ordinal);
        }
    }

    private static void Judge(Facts facts, Write write, Findings findings)
    {
        Operation writer = facts.History.Operations[write.Operation];
        Operation reader = facts.History.OperationAt(write.PolledAt);
        string place = $"{facts.History.NameOf(write.Key)} offset {write.PolledOffset}";
        if (facts.Fates[write.Operation] == Fate.Aborted)
        {
            findings.Add(
                Anomaly.AbortedRead, write.Key, write.PolledOffset,
                $"{place} holds value {write.Value} of a {Names.Of(writer.Function)} that failed or was aborted", writer.Ordinal, reader.Ordinal);
        }

        if (writer.CommitTimeNs >= 0 && reader.EndedNs < writer.CommitTimeNs)
        {
            findings.Add(
                Anomaly.PrecommittedRead, write.Key, write.PolledOffset,
                $"value {write.Value} was polled from {place} before its transaction asked to commit", writer.Ordinal, reader.Ordinal);
        }
    }

    private static void FindOwn(Facts facts, Operation transaction, Findings findings)
    {
        foreach (PolledRecord polled in transaction.Polls)
        {
            if (facts.Writes.TryFind(polled.Key, polled.Value, out int write) && facts.Writes.All[write].Operation == transaction.Ordinal)
            {
                findings.Add(
                    Anomaly.PrecommittedRead, polled.Key, polled.Offset,
                    $"a transaction polled its own value {polled.Value} from {facts.History.NameOf(polled.Key)} offset {polled.Offset}", transaction.Ordinal);
            }
        }
    }
}
