using Broker.Checker.Histories;
using Broker.Client;
using Broker.Records;
using Broker.EndToEnd.Faults;
using SentRecord = Broker.Checker.Histories.SentRecord;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>Between the records of the SDK and those of a history.</summary>
internal static class HistoryRecords
{
    public static ProducerRecord ToProduce(this HistoryTopics topics, SentRecord record) => new()
    {
        Topic = topics.Logs[record.Key].Topic,
        Partition = topics.Logs[record.Key].Partition,
        Key = BitConverter.GetBytes(record.Value),
        Value = Payload.Create(record.Value),
    };

    public static IEnumerable<PolledRecord> Polled(this HistoryTopics topics, ConsumedBatch batch)
    {
        int key = topics.KeyOf(batch.Topic, batch.Partition);
        var polled = new List<PolledRecord>(batch.RecordCount);
        foreach (RecordView record in batch.Records())
        {
            var read = ReadBack.From(record.Offset, record.Key.Span, record.Value.Span);
            polled.Add(new PolledRecord(key, record.Offset, read.IsIntact ? read.Value : PolledRecord.NoValue));
        }

        return polled;
    }

    /// <summary>What was sent, each record with the offset that the commit's answer gives it.</summary>
    public static SentRecord[] Placed(this HistoryTopics topics, SentRecord[] sends, TransactionResult result)
    {
        long[] next = new long[topics.Logs.Count];
        foreach (CommittedRecords records in result.Partitions)
        {
            next[topics.KeyOf(records.Topic, records.Partition)] = records.BaseOffset;
        }

        return [.. sends.Select(sent => sent with { Offset = next[sent.Key]++ })];
    }
}
