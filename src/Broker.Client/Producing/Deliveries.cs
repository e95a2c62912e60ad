using System.Runtime.InteropServices;
using Broker.Client.Diagnostics;
using Broker.Client.Transport;
using Broker.Protocol.V1;

namespace Broker.Client.Producing;

/// <summary>Tells everybody concerned how a batch ended, and gives its memory back.</summary>
/// <remarks>Thread-safe. Called without any partition's lock, in order within a partition.</remarks>
internal sealed class Deliveries(ClientContext context, ProducerOptions options, MemoryBudget memory)
{
    private readonly Lock _reporting = new();
    private BrokerException? _firstUnawaitedFailure;

    /// <summary>Called for each batch that failed.</summary>
    public Action<BrokerException>? Failed { get; set; }

    public void Complete(List<BatchOutcome> outcomes)
    {
        foreach (ref readonly BatchOutcome outcome in CollectionsMarshal.AsSpan(outcomes))
        {
            Complete(outcome);
        }

        outcomes.Clear();
    }

    /// <summary>The first failure, since it was last taken, of a record that nobody awaited.</summary>
    public BrokerException? TakeFailure() => Interlocked.Exchange(ref _firstUnawaitedFailure, null);

    private void Complete(in BatchOutcome outcome)
    {
        PendingBatch batch = outcome.Batch;
        string topic = batch.Queue.Topic.Name;
        int partition = batch.Queue.Partition;
        memory.Release(batch.ReservedBytes);
        batch.Buffer?.Release();
        batch.Buffer = null;

        if (outcome.Error is { } error)
        {
            Log.BatchFailed(context.Logger, topic, partition, batch.RecordCount, error.Reason, error.Message);
            Fail(batch, error);
            Failed?.Invoke(error);
        }
        else
        {
            Succeed(batch, outcome.Result!, topic, partition);
        }

        TimeSpan duration = batch.SentTicks == 0 ? TimeSpan.Zero : context.Time.GetElapsedTime(batch.SentTicks);
        context.Telemetry.Sent(topic, batch.RecordCount, duration, outcome.Error?.Reason);
        Report(batch, outcome, topic, partition);
        batch.SignalCompletion();
    }

    private void Fail(PendingBatch batch, BrokerException error)
    {
        for (SendOperation? operation = batch.FirstOperation; operation is not null;)
        {
            // The operation may be back in the pool, in other hands, as soon as it was completed.
            SendOperation? next = operation.Next;
            operation.Fail(error);
            operation = next;
        }

        if (batch.UnawaitedCount > 0 && options.OnDelivery is null)
        {
            Interlocked.CompareExchange(ref _firstUnawaitedFailure, error, null);
        }
    }

    private static void Succeed(PendingBatch batch, BatchResult result, string topic, int partition)
    {
        var metadata = new RecordMetadata(
            topic,
            partition,
            result.BaseOffset,
            result.AppendTimeMs,
            result.Duplicate,
            (Durability)(int)result.Durability);
        for (SendOperation? operation = batch.FirstOperation; operation is not null;)
        {
            SendOperation? next = operation.Next;
            operation.Succeed(metadata with { Offset = result.BaseOffset + operation.RecordIndex });
            operation = next;
        }
    }

    private void Report(PendingBatch batch, in BatchOutcome outcome, string topic, int partition)
    {
        if (options.OnDelivery is null)
        {
            return;
        }

        BatchResult? result = outcome.Result;
        try
        {
            // Acknowledgements and time-outs come from different threads; the callback sees one at a time.
            lock (_reporting)
            {
                options.OnDelivery(new DeliveryReport(
                    topic,
                    partition,
                    result?.BaseOffset ?? -1,
                    batch.RecordCount,
                    result?.AppendTimeMs ?? -1,
                    result?.Duplicate ?? false,
                    (Durability)(int)(result?.Durability ?? Protocol.V1.Durability.Unspecified),
                    outcome.Error));
            }
        }
#pragma warning disable CA1031 // Whatever user code throws must not stop the acknowledgements of others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.DeliveryCallbackFailed(context.Logger, e);
        }
    }
}
