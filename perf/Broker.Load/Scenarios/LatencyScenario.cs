using System.Diagnostics;
using Broker.Cli;
using Broker.Client;
using Broker.Load.Servers;
using Broker.Load.Values;
using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>
/// An open loop: each record is due at a moment that does not depend on what became of those before, and its latency, until the
/// consumer has it, counts from there. What is late is sent as soon as possible, and its delay counts.
/// </summary>
internal sealed class LatencyScenario(LoadSettings settings, LoadServer server, LiveCount live) : IScenario
{
    // Between the last preparation and the first record that is due.
    private static readonly TimeSpan LeadTime = TimeSpan.FromMilliseconds(20);

    // Opens the streams; not measured.
    private const int FirstRecords = 1;

    private readonly LoadValue _values = new(settings.SizeBytes, settings.Content);
    private readonly BrokerClient _client = new(server.Address);

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<Window> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await using LoadTopic topic = await LoadTopic.CreateAsync(settings, _client, settings.RetentionBytes, cancellationToken).ConfigureAwait(false);
        History? history = settings.Verifies ? new History(topic.Name, settings.Partitions) : null;
        var tally = new ConsumedTally(settings.Producers, settings.Partitions);
        long share = (long)Math.Ceiling(duration.TotalSeconds * settings.Rate / settings.Producers);
        double ticksPerRecord = (double)Stopwatch.Frequency / settings.Rate;
        long startsAt = 0;
        // The producers take turns.
        long DueAt(int producer, long counter) =>
            startsAt + (long)((((counter - FirstRecords) * settings.Producers) + producer) * ticksPerRecord);

        (LongHistogram fromDue, LongHistogram fromSend) = (LatencyHistogram.Create(), LatencyHistogram.Create());
        var reader = new TopicReader(_client, topic.Name, tally, live) { LatencyFromSend = fromSend, Latency = fromDue, DueAt = DueAt };
        await using var following = new Following(reader, tally, cancellationToken);
        LoadProducer[] producers = [.. Enumerable.Range(0, settings.Producers)
            .Select(number => new LoadProducer(settings, server.Address, topic.Name, number, _values, acks: null, history))];
        try
        {
            foreach (LoadProducer producer in producers)
            {
                await producer.SendAsync(sentAt: 0, cancellationToken).ConfigureAwait(false);
            }

            await following.ReadAsync(FirstRecords * settings.Producers, cancellationToken).ConfigureAwait(false);
            startsAt = Stopwatch.GetTimestamp() + (long)(LeadTime.TotalSeconds * Stopwatch.Frequency);
            await using var sampler = new RateSampler(live);
            Task sending = Task.WhenAll(producers.Select((producer, number) =>
                SendAsync(producer, share, counter => DueAt(number, counter), cancellationToken)));
            await following.WhileProducingAsync(sending).ConfigureAwait(false);
            await following.FinishAsync((FirstRecords + share) * settings.Producers, cancellationToken).ConfigureAwait(false);
            var window = new Window(
                share * settings.Producers, Stopwatch.GetElapsedTime(startsAt), fromDue, fromSend, await sampler.StopAsync().ConfigureAwait(false));
            if (tally.ProblemAtEnd([.. producers.Select(producer => producer.Sent)]) is { } problem)
            {
                throw new CliException(problem);
            }

            await (history?.CheckAsync(server.Address, _values, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            return window;
        }
        finally
        {
            foreach (LoadProducer producer in producers)
            {
                await producer.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>On a thread of its own, which nothing else holds up.</summary>
    private static async Task SendAsync(LoadProducer producer, long recordCount, Func<long, long> dueAt, CancellationToken cancellationToken)
    {
        await Task.Factory.StartNew(
            () =>
            {
                Pacer.PrepareThread();
                for (long counter = FirstRecords; counter < FirstRecords + recordCount; counter++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Pacer.WaitUntil(dueAt(counter));
                    producer.Send(Stopwatch.GetTimestamp(), cancellationToken);
                }
            },
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
        await producer.FinishAsync(cancellationToken).ConfigureAwait(false);
    }
}
