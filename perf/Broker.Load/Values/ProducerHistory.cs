using System.Collections.Concurrent;
using Broker.Client;
using Broker.EndToEnd.Faults;

namespace Broker.Load.Values;

/// <summary>What one producer sent, and what it was told.</summary>
/// <remarks>One thread sends, one at a time reports.</remarks>
internal sealed class ProducerHistory
{
    // So many for one partition, then the next: batches fill as they do when the client chooses.
    private const int RecordsInARow = 1024;

    private readonly int _producer;
    private readonly LogName[] _logs;
    private readonly List<SentRecord> _sent = [];

    // Of each partition what was sent and not yet reported, in order: reports come in that order.
    private readonly ConcurrentQueue<SentRecord>[] _unreported;

    public ProducerHistory(int producer, string topic, int partitions)
    {
        _producer = producer;
        _logs = [.. Enumerable.Range(0, partitions).Select(partition => new LogName(topic, partition))];
        _unreported = [.. _logs.Select(_ => new ConcurrentQueue<SentRecord>())];
    }

    /// <summary>The index is the counter.</summary>
    public IReadOnlyList<SentRecord> Sent => _sent;

    /// <summary>Notes that a record is about to be sent, once for each.</summary>
    /// <returns>Its partition: who keeps a history chooses it.</returns>
    public int Sending(long counter)
    {
        int partition = (int)(counter / RecordsInARow % _logs.Length);
        if (counter == _sent.Count)
        {
            var record = new SentRecord(_producer, (int)counter, _logs[partition]);
            _sent.Add(record);
            // Before the send, as the report may come before the call returns.
            _unreported[partition].Enqueue(record);
        }

        return partition;
    }

    public void Delivered(DeliveryReport report)
    {
        for (int index = 0; index < report.RecordCount; index++)
        {
            if (!_unreported[report.Partition].TryDequeue(out SentRecord? record))
            {
                throw new InvalidOperationException($"The client reported more records for {report.Topic}/{report.Partition} than were sent.");
            }

            if (report.Error is { } error)
            {
                record.Fail(error);
            }
            else
            {
                record.Ack(report.BaseOffset + index);
            }
        }
    }
}
