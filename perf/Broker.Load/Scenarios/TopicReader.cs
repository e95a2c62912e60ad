using System.Diagnostics;
using Broker.Client;
using Broker.Load.Values;
using Broker.Records;
using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>Reads a topic, looks at every record, and hands it to the tally.</summary>
internal sealed class TopicReader(BrokerClient client, string topic, ConsumedTally tally, LiveCount? live)
{
    /// <summary>From the send call, for records that carry its time; null: nobody wants to know.</summary>
    public LongHistogram? LatencyFromSend { get; init; }

    /// <summary>From when a record was due, which this tells from producer and counter.</summary>
    public LongHistogram? Latency { get; init; }

    public Func<int, long, long>? DueAt { get; init; }

    /// <summary>Reads from the start, to the end or for ever.</summary>
    /// <param name="deadline">Ends the reading in the middle, on the monotonic clock.</param>
    public async Task ReadAsync(bool stopAtEnd, long deadline, CancellationToken cancellationToken)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = topic, StopAtEnd = stopAtEnd });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (LatencyFromSend is null)
            {
                Take(batch);
            }
            else
            {
                TakeTimed(batch, LatencyFromSend);
            }

            live?.Add(batch.RecordCount);
            if (Stopwatch.GetTimestamp() > deadline)
            {
                return;
            }
        }
    }

    private void Take(ConsumedBatch batch)
    {
        int partition = batch.Partition;
        foreach (RecordView record in batch.Records())
        {
            tally.Add(partition, record.Offset, record.Value.Span);
        }
    }

    private void TakeTimed(ConsumedBatch batch, LongHistogram latencyFromSend)
    {
        foreach (RecordView record in batch.Records())
        {
            ReadOnlySpan<byte> value = record.Value.Span;
            tally.Add(batch.Partition, record.Offset, value);
            if (value.Length < LoadValue.SizeBytesMin || LoadValue.SentAt(value) is not (> 0 and var sentAt))
            {
                continue;
            }

            long now = Stopwatch.GetTimestamp();
            latencyFromSend.RecordTicks(now - sentAt);
            if (DueAt is not null)
            {
                (int producer, long counter) = LoadValue.Number(value);
                Latency!.RecordTicks(now - DueAt(producer, counter));
            }
        }
    }
}
