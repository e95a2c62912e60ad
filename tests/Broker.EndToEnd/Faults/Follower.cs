using System.Collections.Concurrent;
using System.Diagnostics;
using Broker.Client;
using Broker.Records;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// A consumer that follows one topic through every restart. What it was once given must be in the log for ever, at that
/// offset, and nothing may be left out: a record that is readable before it is durable would be found here.
/// </summary>
internal sealed class Follower : IAsyncDisposable
{
    private readonly BrokerClient _client;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<LogName, List<ReadBack>> _read = new();
    private readonly Task _loop;

    public Follower(string server, string topic)
    {
        Topic = topic;
        _client = new BrokerClient(new BrokerClientOptions
        {
            Server = server,
            ClientId = "follower",
            FirstContactTimeout = TimeSpan.FromSeconds(60),
            ReconnectBackoff = TimeSpan.FromMilliseconds(10),
            ReconnectBackoffMax = TimeSpan.FromMilliseconds(100),
        });
        _loop = Task.Run(() => FollowAsync());
    }

    public string Topic { get; }

    /// <summary>Waits until all that is in the logs was read, then compares. Nothing may be written meanwhile.</summary>
    public async Task CheckAsync(IEnumerable<LogContent> logs, Findings findings, CancellationToken cancellationToken)
    {
        foreach (LogContent log in logs)
        {
            List<ReadBack> read = _read.GetOrAdd(log.Name, _ => []);
            while (Count(read) < log.Records.Count && !_loop.IsCompleted)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
            }

            if (_loop.IsFaulted)
            {
                findings.Add("follower-ended", _loop.Exception!.InnerException!.ToString());
                return;
            }

            lock (read)
            {
                Compare(log, read, findings);
            }
        }
    }

    /// <summary>All that it was given of one log since it began, as if no record had ever been freed.</summary>
    public LogContent Content(LogName log)
    {
        List<ReadBack> read = _read.GetOrAdd(log, _ => []);
        lock (read)
        {
            var content = new LogContent(log) { HighWatermark = read.Count == 0 ? 0 : read[^1].Offset + 1 };
            content.Records.AddRange(read);
            return content;
        }
    }

    /// <summary>Waits until it has seen a log up to an offset.</summary>
    /// <returns>False when it has ended or there was nothing for so long.</returns>
    public async Task<bool> CatchUpAsync(LogName log, long offset, TimeSpan timeout)
    {
        List<ReadBack> read = _read.GetOrAdd(log, _ => []);
        long since = Stopwatch.GetTimestamp();
        while (Next(read) < offset)
        {
            if (_loop.IsCompleted || Stopwatch.GetElapsedTime(since) > timeout)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await _client.DisposeAsync();
        _stopping.Dispose();
    }

    private static int Count(List<ReadBack> read)
    {
        lock (read)
        {
            return read.Count;
        }
    }

    private static long Next(List<ReadBack> read)
    {
        lock (read)
        {
            return read.Count == 0 ? 0 : read[^1].Offset + 1;
        }
    }

    private static void Compare(LogContent log, List<ReadBack> read, Findings findings)
    {
        for (int index = 0; index < Math.Max(read.Count, log.Records.Count); index++)
        {
            if (index >= read.Count || index >= log.Records.Count || read[index] != log.Records[index])
            {
                string followed = index < read.Count ? read[index].ToString() : "nothing";
                string drained = index < log.Records.Count ? log.Records[index].ToString() : "nothing";
                findings.Add("nonmonotonic-poll", $"{log.Name}, record {index}: the follower had {followed}, the log has {drained}");
                return;
            }
        }
    }

    private async Task FollowAsync()
    {
        await using Consumer consumer = _client.CreateConsumer(new ConsumerOptions { Topic = Topic, From = StartAt.Earliest });
        try
        {
            await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync(_stopping.Token))
            {
                List<ReadBack> read = _read.GetOrAdd(new LogName(batch.Topic, batch.Partition), _ => []);
                lock (read)
                {
                    foreach (RecordView record in batch.Records())
                    {
                        read.Add(ReadBack.From(record.Offset, record.Key.Span, record.Value.Span));
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }
}
