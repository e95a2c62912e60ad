using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>fence: from the answer that gives a producer its next epoch, nothing of the one before is accepted.</summary>
internal static class Fencing
{
    public static void Find(Facts facts, Findings findings)
    {
        // By producer: the answers that raised its epoch further than any before them.
        var raises = new Dictionary<long, List<Operation>>();
        var given = new Dictionary<(long ProducerId, int Epoch), Operation>();
        foreach (Operation answer in facts.History.Operations
            .Where(operation => operation is { Function: Function.InitProducer, IsOk: true }).OrderBy(operation => operation.EndedAt))
        {
            if (!raises.TryGetValue(answer.ProducerId, out List<Operation>? ofProducer))
            {
                raises.Add(answer.ProducerId, ofProducer = []);
            }

            Operation? before = given.TryGetValue((answer.ProducerId, answer.Epoch), out Operation? same) ? same : HigherThan(answer, ofProducer);
            if (before is not null)
            {
                findings.Add(
                    Anomaly.Fence, $"producer {answer.ProducerId} got epoch {answer.Epoch} after epoch {before.Epoch}", before.Ordinal, answer.Ordinal);
            }

            given.TryAdd((answer.ProducerId, answer.Epoch), answer);
            if (ofProducer.Count == 0 || answer.Epoch > ofProducer[^1].Epoch)
            {
                ofProducer.Add(answer);
            }
        }

        foreach (Operation operation in facts.History.Operations)
        {
            if (operation.Function is Function.Send or Function.Txn && operation.Epoch >= 0 && facts.Fates[operation.Ordinal] == Fate.Committed
                && raises.TryGetValue(operation.ProducerId, out List<Operation>? ofProducer) && HigherThan(operation, ofProducer) is { } fence)
            {
                findings.Add(
                    Anomaly.Fence,
                    $"producer {operation.ProducerId} wrote with epoch {operation.Epoch} after epoch {fence.Epoch} had been given",
                    fence.Ordinal, operation.Ordinal);
            }
        }
    }

    /// <summary>The answer with the highest epoch that came before the operation began, if that epoch is higher than its own.</summary>
    private static Operation? HigherThan(Operation operation, List<Operation> raises)
    {
        int low = 0;
        int high = raises.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (raises[middle].EndedAt < operation.InvokedAt)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && raises[low - 1].Epoch > operation.Epoch ? raises[low - 1] : null;
    }
}
