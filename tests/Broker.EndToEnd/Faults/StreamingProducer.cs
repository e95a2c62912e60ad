using System.Collections.Concurrent;
using Broker.Client;

namespace Broker.EndToEnd.Faults;

/// <summary>Sends without a task per record, as fast as the client's memory allows, and learns of acks batch by batch.</summary>
internal sealed class StreamingProducer : LoadProducer
{
    // What was sent to each partition and not yet reported, in order: reports come in that order.
    private readonly ConcurrentDictionary<LogName, ConcurrentQueue<SentRecord>> _unreported;

    public StreamingProducer(LoadSettings settings, int process)
        : this(settings, process, new())
    {
    }

    private StreamingProducer(LoadSettings settings, int process, Reports reports)
        : base(settings, process, new ProducerOptions
        {
            BatchSizeBytes = 32 * 1024,
            BufferMemoryBytes = 1 << 20,
            OnDelivery = report => reports.Receiver!.OnDelivery(report),
        })
    {
        reports.Receiver = this;
        _unreported = new(settings.Logs.Select(log => KeyValuePair.Create(log, new ConcurrentQueue<SentRecord>())));
    }

    protected override async ValueTask SendAsync(SentRecord record, byte[] key, byte[] value)
    {
        // Before the send, as the report may come before TrySend returns.
        _unreported[record.Log].Enqueue(record);
        while (!Producer.TrySend(record.Log.Topic, key, value, partition: record.Log.Partition))
        {
            await Producer.WaitForSpaceAsync(CancellationToken.None);
        }
    }

    private void OnDelivery(DeliveryReport report)
    {
        ConcurrentQueue<SentRecord> unreported = _unreported[new LogName(report.Topic, report.Partition)];
        for (int index = 0; index < report.RecordCount; index++)
        {
            if (!unreported.TryDequeue(out SentRecord? record))
            {
                throw new InvalidOperationException($"The client reported more records for {report.Topic}/{report.Partition} than were sent.");
            }

            if (report.Error is { } error)
            {
                OnFailed(record, error);
            }
            else
            {
                OnAcked(record, report.BaseOffset + index, report.IsDuplicate);
            }
        }
    }

    /// <summary>Lets the options name an object that is still being made.</summary>
    private sealed class Reports
    {
        public StreamingProducer? Receiver { get; set; }
    }
}
