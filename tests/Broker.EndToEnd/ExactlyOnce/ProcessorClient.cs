using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>
/// The same as <see cref="TransformClient"/> with the SDK's processor. It commits after each batch, so that the next batch that it
/// hands out tells what became of the one before: what follows it, that it was committed; the same again, that it was not.
/// </summary>
internal sealed class ProcessorClient(ClientSettings settings, string name, int sourcePartition) : HistoryClient(settings, name)
{
    private HistoryEvent? _call;
    private PolledRecord[] _polled = [];
    private bool _isPlaced;

    private int Source => Settings.Topics.KeyOf(Settings.Topics.Orders, sourcePartition);

    protected override async Task StepAsync()
    {
        _isPlaced = false;
        await using Processor processor = Client.CreateProcessor(new ProcessorOptions
        {
            Group = Name,
            Topic = Settings.Topics.Orders,
            Partitions = [sourcePartition],
            Delivery = DeliveryMode.ExactlyOnce,
            CommitRecords = 1,
        });
        try
        {
            await processor.RunBatchesAsync(HandleAsync, Stopping);
        }
        finally
        {
            // Whatever it ended with, the last batch may have been committed.
            Conclude(EventKind.Info);
        }
    }

    private async ValueTask HandleAsync(ConsumedBatch batch, ProcessorOutput output, CancellationToken cancellationToken)
    {
        if (_call is { } before)
        {
            bool isCommitted = batch.BaseOffset == before.Positions[0].Position;
            Conclude(isCommitted ? EventKind.Ok : EventKind.Fail);
            _isPlaced = isCommitted;
        }

        if (!_isPlaced)
        {
            Process.Assign(new PartitionPosition(Source, batch.BaseOffset));
            _isPlaced = true;
        }

        _polled = [.. Settings.Topics.Polled(batch)];
        _call = Process.Invoke(new HistoryEvent(Process.Number, EventKind.Invoke, Function.Txn)
        {
            Sends = Outputs.Of(Settings.Topics, _polled, NextValue),
            Positions = [new PartitionPosition(Source, batch.NextOffset)],
            Group = Name,
            TransactionalId = Name,
        });
        foreach (SentRecord sent in _call.Sends)
        {
            await output.SendAsync(Settings.Topics.ToProduce(sent), cancellationToken);
        }
    }

    private void Conclude(EventKind kind)
    {
        if (_call is { } call)
        {
            _call = null;
            Process.Complete(call with { Polls = _polled }, kind);
        }
    }
}
