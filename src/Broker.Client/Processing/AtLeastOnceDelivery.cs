using Broker.Client.Transport;
using Broker.Records;

namespace Broker.Client.Processing;

/// <summary>Offsets when what was sent is acknowledged.</summary>
internal sealed class AtLeastOnceDelivery(ClientContext context, GroupClient groups, ProcessorOptions options) : Delivery
{
    private readonly Producer _producer = new(context, options.Producer);

    public override bool TrySend(
        string topic, OptionalBytes key, OptionalBytes value, long? timestampMs, int? partition, ReadOnlySpan<RecordHeader> headers) =>
        _producer.TrySend(topic, key, value, timestampMs, partition, headers);

    public override ValueTask WaitForSpaceAsync(CancellationToken cancellationToken) => _producer.WaitForSpaceAsync(cancellationToken);

    public override async Task CompleteAsync(IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken)
    {
        await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        await groups.CommitOffsetsAsync(options.Group, offsets, cancellationToken).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync() => _producer.DisposeAsync();
}
