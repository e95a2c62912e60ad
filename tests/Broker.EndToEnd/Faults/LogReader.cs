using Broker.Client;
using Broker.Records;

namespace Broker.EndToEnd.Faults;

/// <summary>Reads whole topics with a client of its own.</summary>
internal static class LogReader
{
    // Nothing is written meanwhile, so that retention has an end.
    private const int AttemptsMax = 5;

    /// <summary>Every record of the topics, from the start of each log to its end. Nothing may be written meanwhile.</summary>
    public static Task<IReadOnlyList<LogContent>> ReadAllAsync(string server, IEnumerable<LogName> logs, CancellationToken cancellationToken) =>
        ReadAllAsync(server, logs, ReadBack.From, cancellationToken);

    /// <inheritdoc cref="ReadAllAsync(string, IEnumerable{LogName}, CancellationToken)"/>
    public static async Task<IReadOnlyList<LogContent>> ReadAllAsync(
        string server, IEnumerable<LogName> logs, RecordJudge judge, CancellationToken cancellationToken)
    {
        await using var client = new BrokerClient(new BrokerClientOptions { Server = server, ClientId = "drain" });
        Dictionary<LogName, LogContent> contents = logs.ToDictionary(log => log, log => new LogContent(log));
        foreach (string topic in contents.Keys.Select(log => log.Topic).Distinct())
        {
            LogContent[] ofTopic = [.. contents.Values.Where(content => content.Name.Topic == topic)];
            for (int attempt = 1; !await TryReadAsync(client, topic, ofTopic, judge, isLast: attempt == AttemptsMax, cancellationToken); attempt++)
            {
            }

            // Asked after reading: retention may have moved the start meanwhile, but what was read before it still counts as read.
            foreach (PartitionOffset end in await client.Admin.ListOffsetsAsync(topic, StartAt.Latest, cancellationToken: cancellationToken))
            {
                contents[new LogName(topic, end.Partition)].HighWatermark = end.Offset;
            }

            foreach (PartitionOffset start in await client.Admin.ListOffsetsAsync(topic, StartAt.Earliest, cancellationToken: cancellationToken))
            {
                LogContent content = contents[new LogName(topic, start.Partition)];
                content.LogStart = start.Offset;
                content.Records.RemoveAll(record => record.Offset < start.Offset);
            }
        }

        return [.. contents.Values];
    }

    /// <returns>False when retention freed the records that were to be read first: there is a new start to read from.</returns>
    private static async Task<bool> TryReadAsync(
        BrokerClient client, string topic, LogContent[] contents, RecordJudge judge, bool isLast, CancellationToken cancellationToken)
    {
        foreach (LogContent content in contents)
        {
            content.Records.Clear();
        }

        try
        {
            await using Consumer consumer = client.CreateConsumer(
                new ConsumerOptions { Topic = topic, From = StartAt.Earliest, StopAtEnd = true });
            await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync(cancellationToken))
            {
                List<ReadBack> records = contents.Single(content => content.Name.Partition == batch.Partition).Records;
                foreach (RecordView record in batch.Records())
                {
                    records.Add(judge(record.Offset, record.Key.Span, record.Value.Span));
                }
            }

            return true;
        }
        catch (BrokerException error) when (error.Reason == ErrorReasons.OffsetOutOfRange && !isLast)
        {
            return false;
        }
    }
}
