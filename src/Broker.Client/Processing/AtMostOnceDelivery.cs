using Broker.Client.Producing;
using Broker.Client.Transport;

namespace Broker.Client.Processing;

/// <summary>Offsets first.</summary>
internal sealed class AtMostOnceDelivery(ClientContext context, GroupClient groups, ProcessorOptions options) : Delivery
{
    private readonly Producer _producer = new(context, options.Producer);

    public override async ValueTask BeginAsync(ConsumedBatch batch, CancellationToken cancellationToken) =>
        await groups.CommitOffsetsAsync(
            options.Group, [new TopicPartitionOffset(batch.Topic, batch.Partition, batch.NextOffset)], cancellationToken).ConfigureAwait(false);

    public override IRecordSink Sink => _producer;

    public override Task CompleteAsync(IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken) =>
        _producer.FlushAsync(cancellationToken);

    public override ValueTask DisposeAsync() => _producer.DisposeAsync();
}
