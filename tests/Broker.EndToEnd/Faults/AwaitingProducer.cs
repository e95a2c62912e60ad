using Broker.Client;

namespace Broker.EndToEnd.Faults;

/// <summary>Awaits an ack for each record, with a bounded number of sends under way.</summary>
/// <param name="patience">How long a record may take until its send fails; as long as the client has it without.</param>
internal sealed class AwaitingProducer(LoadSettings settings, int process, TimeSpan? patience = null)
    : LoadProducer(settings, process, Options(patience))
{
    private const int SendsInFlightMax = 400;

    private readonly SemaphoreSlim _window = new(SendsInFlightMax);

    protected override async ValueTask SendAsync(SentRecord record, byte[] key, byte[] value)
    {
        await _window.WaitAsync();
        _ = ObserveAsync(record, Producer.SendAsync(
            new ProducerRecord { Topic = record.Log.Topic, Partition = record.Log.Partition, Key = key, Value = value }));
    }

    private static ProducerOptions Options(TimeSpan? patience)
    {
        var options = new ProducerOptions { BatchSizeBytes = 16 * 1024, BufferMemoryBytes = 1 << 20 };
        options.DeliveryTimeout = patience ?? options.DeliveryTimeout;
        return options;
    }

    private async Task ObserveAsync(SentRecord record, ValueTask<RecordMetadata> sending)
    {
        try
        {
            RecordMetadata metadata = await sending;
            OnAcked(record, metadata.Offset, metadata.IsDuplicate);
        }
        catch (BrokerException error)
        {
            OnFailed(record, error);
        }
        finally
        {
            _window.Release();
        }
    }
}
