using Broker.Checker.Evidence;

namespace Broker.Checker.Anomalies;

/// <summary>retry-offset: a batch that is sent again is answered with the offset that it has.</summary>
internal static class Retries
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (RetryMismatch mismatch in facts.Writes.RetryMismatches)
        {
            Write write = facts.Writes.All[mismatch.Write];
            findings.Add(
                Anomaly.RetryOffset, write.Key, mismatch.Offset,
                $"value {write.Value} was acked at {facts.History.NameOf(write.Key)} offset {write.AckedOffset}, and again at {mismatch.Offset}",
                write.Operation, mismatch.Operation);
        }
    }
}
