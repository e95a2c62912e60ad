using Broker.Client.Processing;
using Broker.Client.Producing;
using Broker.Records;

namespace Broker.Client;

/// <summary>Where a handler sends what it makes of a record. Valid during the call that it was given to.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class ProcessorOutput
{
    private readonly Delivery _delivery;

    internal ProcessorOutput(Delivery delivery) => _delivery = delivery;

    /// <summary>Takes over one record; completes when there is room for it.</summary>
    public ValueTask SendAsync(ProducerRecord record, CancellationToken cancellationToken = default) =>
        IRecordSink.SendAsync(_delivery.Sink, record, cancellationToken);

    /// <inheritdoc cref="SendAsync(ProducerRecord, CancellationToken)"/>
    public ValueTask SendAsync(string topic, ReadOnlyMemory<byte>? key, ReadOnlyMemory<byte>? value, CancellationToken cancellationToken = default) =>
        SendAsync(new ProducerRecord { Topic = topic, Key = key, Value = value }, cancellationToken);

    /// <inheritdoc cref="SendAsync(ProducerRecord, CancellationToken)"/>
    /// <remarks>Key and value are written as UTF-8. A null string is a null key or value.</remarks>
    public ValueTask SendAsync(string topic, string? key, string? value, CancellationToken cancellationToken = default) =>
        SendAsync(ProducerRecord.OfText(topic, key, value), cancellationToken);

    /// <summary>Takes over one record without waiting. Copies key, value and headers; allocates nothing.</summary>
    /// <param name="timestampMs">Milliseconds since 1970 UTC; null: now.</param>
    /// <returns>False when it was not taken: await <see cref="WaitForSpaceAsync"/> and try again.</returns>
    public bool TrySend(
        string topic, OptionalBytes key, OptionalBytes value, long? timestampMs = null, int? partition = null,
        ReadOnlySpan<RecordHeader> headers = default) => _delivery.Sink.TrySend(topic, key, value, timestampMs, partition, headers);

    /// <summary>Completes when <see cref="TrySend"/>, having returned false, may succeed.</summary>
    public ValueTask WaitForSpaceAsync(CancellationToken cancellationToken = default) => _delivery.Sink.WaitForSpaceAsync(cancellationToken);
}
