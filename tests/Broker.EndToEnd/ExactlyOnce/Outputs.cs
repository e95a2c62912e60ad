using Broker.Checker.Histories;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What is made from records: one shipment from each, with its source.</summary>
internal static class Outputs
{
    /// <param name="nextValue">Gives a value that no other record has.</param>
    public static SentRecord[] Of(HistoryTopics topics, IReadOnlyList<PolledRecord> polled, Func<long> nextValue) =>
    [
        .. polled.Where(record => record.Value != PolledRecord.NoValue).Select(record =>
            new SentRecord(topics.KeyOf(topics.Shipments, (int)(record.Offset % 2)), nextValue())
            {
                SourceKey = record.Key,
                SourceValue = record.Value,
            }),
    ];
}
