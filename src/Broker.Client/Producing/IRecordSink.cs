using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>Takes over records without waiting, as long as there is room.</summary>
internal interface IRecordSink
{
    /// <returns>False when the record was not taken: await <see cref="WaitForSpaceAsync"/> and try again.</returns>
    bool TrySend(
        string topic, OptionalBytes key, OptionalBytes value, long? timestampMs, int? partition, ReadOnlySpan<RecordHeader> headers);

    ValueTask WaitForSpaceAsync(CancellationToken cancellationToken);

    /// <summary>Completes when the record was taken.</summary>
    static async ValueTask SendAsync(IRecordSink sink, ProducerRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        RecordHeader[] headers = [.. record.Headers ?? []];
        while (!sink.TrySend(record.Topic, record.Key, record.Value, record.Timestamp?.ToUnixTimeMilliseconds(), record.Partition, headers))
        {
            await sink.WaitForSpaceAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
