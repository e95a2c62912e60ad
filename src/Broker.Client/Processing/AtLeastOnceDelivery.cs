using Broker.Client.Producing;
using Broker.Client.Transport;

namespace Broker.Client.Processing;

/// <summary>Offsets when what was sent is acknowledged.</summary>
internal sealed class AtLeastOnceDelivery(ClientContext context, GroupClient groups, ProcessorOptions options) : Delivery
{
    private readonly Producer _producer = new(context, options.Producer);

    public override IRecordSink Sink => _producer;

    public override async Task CompleteAsync(IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken)
    {
        await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        await groups.CommitOffsetsAsync(options.Group, offsets, cancellationToken).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync() => _producer.DisposeAsync();
}
