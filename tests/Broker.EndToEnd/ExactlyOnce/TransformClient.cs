using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>
/// Makes one record from each that it reads of one partition and commits it with the offset, by hand. After what did not succeed it
/// goes back to the offset that the broker has.
/// </summary>
internal sealed class TransformClient(ClientSettings settings, string name, int sourcePartition) : HistoryClient(settings, name)
{
    private HistoryProducer? _producer;

    private int Source => Settings.Topics.KeyOf(Settings.Topics.Orders, sourcePartition);

    protected override async Task StepAsync()
    {
        // Taken over before the offset is asked for: then nobody else commits another.
        _producer ??= await HistoryProducer.OpenAsync(Settings, Client, Name, Stopping);
        long next = await CommittedAsync(_producer.Process);
        _producer.Process.Assign(new PartitionPosition(Source, next));
        await using Consumer consumer = Client.CreateConsumer(new ConsumerOptions
        {
            Topic = Settings.Topics.Orders,
            Partitions = [sourcePartition],
            Offsets = [new TopicPartitionOffset(Settings.Topics.Orders, sourcePartition, next)],
        });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync(Stopping))
        {
            if (!await TransformAsync(_producer, [.. Settings.Topics.Polled(batch)], batch.NextOffset))
            {
                return;
            }
        }
    }

    protected override async ValueTask CloseAsync()
    {
        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }

    /// <returns>Whether it was committed.</returns>
    private async Task<bool> TransformAsync(HistoryProducer producer, PolledRecord[] polled, long next)
    {
        try
        {
            await using HistoryTransaction transaction = await producer.BeginAsync(
                Outputs.Of(Settings.Topics, polled, NextValue), new TransactionSource(Name, polled, new PartitionPosition(Source, next)));
            bool isCommitted = await transaction.SendAsync(..) && await transaction.CommitAsync(Stopping) == true;
            if (transaction.Failure is FatalException)
            {
                await CloseAsync();
            }

            return isCommitted;
        }
        catch (FatalException)
        {
            await CloseAsync();
            return false;
        }
    }

    /// <summary>Where the group stands; 0 when it has committed nothing.</summary>
    private async Task<long> CommittedAsync(HistoryProcess process)
    {
        PartitionPosition[] found = await GroupOffsets.FetchAsync(Settings.Topics, Client, process, Name, [Source]);
        return Math.Max(0, found[0].Position);
    }
}
