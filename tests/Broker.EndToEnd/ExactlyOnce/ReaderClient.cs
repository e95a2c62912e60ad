using System.Diagnostics;
using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>Reads everything from the beginning and follows; or goes back some way every few seconds.</summary>
internal sealed class ReaderClient(ClientSettings settings, string name, bool seeks) : HistoryClient(settings, name)
{
    private const int RecordsMax = 2_000, SeekMax = 1_000;

    // Gathers what comes within so long in one poll: the history stays small.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25), SeekInterval = TimeSpan.FromSeconds(3);

    private readonly long[] _next = new long[settings.Topics.Logs.Count];

    protected override async Task StepAsync()
    {
        HistoryTopics topics = Settings.Topics;
        if (seeks)
        {
            for (int key = 0; key < _next.Length; key++)
            {
                _next[key] = Math.Max(0, _next[key] - Random.Next(SeekMax));
            }
        }

        Process.Assign([.. _next.Select((offset, key) => new PartitionPosition(key, offset))]);
        await using Consumer consumer = Client.CreateConsumer(new ConsumerOptions
        {
            Topics = topics.All,
            Offsets = [.. topics.Logs.Select((log, key) => new TopicPartitionOffset(log.Topic, log.Partition, _next[key]))],
        });
        long started = Stopwatch.GetTimestamp();
        await using IAsyncEnumerator<ConsumedBatch> batches = consumer.ReadBatchesAsync(Stopping).GetAsyncEnumerator(CancellationToken.None);
        ValueTask<bool> coming = batches.MoveNextAsync();
        while (!seeks || Stopwatch.GetElapsedTime(started) < SeekInterval || !coming.IsCompleted)
        {
            HistoryEvent call = Process.Invoke(Function.Poll);
            var polled = new List<PolledRecord>();
            try
            {
                await coming;
                do
                {
                    polled.AddRange(topics.Polled(batches.Current));
                    _next[topics.KeyOf(batches.Current.Topic, batches.Current.Partition)] = batches.Current.NextOffset;
                    coming = batches.MoveNextAsync();
                    if (!coming.IsCompleted)
                    {
                        await Task.Delay(Pace, CancellationToken.None);
                    }
                }
                while (coming.IsCompletedSuccessfully && polled.Count < RecordsMax);
            }
            finally
            {
                // Also what came before it was asked to stop, or the broker could not be found.
                Process.Complete(call with { Polls = [.. polled] }, EventKind.Ok);
            }
        }
    }
}
