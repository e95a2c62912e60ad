using System.Diagnostics;
using Broker.Load.Values;
using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>The producers of one window, each sending as fast as it can on a task of its own.</summary>
internal sealed class ProducerFleet : IAsyncDisposable
{
    // Looking at the clock for each record would be a tenth of what sending it costs.
    private const int RecordsPerLook = 64;

    private static readonly long SampleTicks = Stopwatch.Frequency / 1000;

    private readonly LoadProducer[] _producers;

    public ProducerFleet(LoadSettings settings, string server, string topic, LoadValue values, LiveCount? acks, History? history) =>
        _producers = [.. Enumerable.Range(0, settings.Producers)
            .Select(number => new LoadProducer(settings, server, topic, number, values, acks, history))];

    /// <summary>Of each producer.</summary>
    public IReadOnlyList<long> Sent => [.. _producers.Select(producer => producer.Sent)];

    public long SentCount
    {
        get
        {
            long count = 0;
            foreach (LoadProducer producer in _producers)
            {
                count += producer.Sent;
            }

            return count;
        }
    }

    public LongHistogram AckLatency => LatencyHistogram.Sum(_producers.Select(producer => producer.AckLatency));

    /// <summary>
    /// Whether one record in each millisecond is awaited, to measure acks; else it carries the time of its send call, for
    /// whoever reads it.
    /// </summary>
    public bool MeasuresAcks { get; init; } = true;

    /// <summary>Awaited between some records: holds the producers back while it does not complete.</summary>
    public Func<ValueTask> Brake { get; set; } = static () => ValueTask.CompletedTask;

    /// <summary>Sends until stopped, or until each has sent its share of so many; then waits until all is through.</summary>
    public async Task RunAsync(long recordsMax, CancellationToken stop, CancellationToken cancellationToken)
    {
        long shareMax = recordsMax / _producers.Length;
        await Task.WhenAll(_producers.Select(producer => Task.Run(
            async () =>
            {
                await SendAsync(producer, shareMax, stop, cancellationToken).ConfigureAwait(false);
                await producer.FinishAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LoadProducer producer in _producers)
        {
            await producer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task SendAsync(LoadProducer producer, long recordsMax, CancellationToken stop, CancellationToken cancellationToken)
    {
        long sampledAt = 0;
        while (!stop.IsCancellationRequested && producer.Sent < recordsMax)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Brake().ConfigureAwait(false);
            long now = Stopwatch.GetTimestamp();
            bool isSample = now - sampledAt > SampleTicks;
            sampledAt = isSample ? now : sampledAt;
            if (isSample && MeasuresAcks)
            {
                producer.SendSample();
            }
            else
            {
                await producer.SendAsync(isSample ? now : 0, cancellationToken).ConfigureAwait(false);
            }

            for (long left = Math.Min(RecordsPerLook, recordsMax - producer.Sent); left > 0; left--)
            {
                await producer.SendAsync(sentAt: 0, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
