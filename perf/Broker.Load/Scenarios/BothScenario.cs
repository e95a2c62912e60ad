using System.Diagnostics;
using Broker.Cli;
using Broker.Client;
using Broker.Load.Servers;
using Broker.Load.Values;
using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>Producers at full speed while a consumer follows; a record counts when it has been read.</summary>
internal sealed class BothScenario(LoadSettings settings, LoadServer server, LiveCount live) : IScenario
{
    private static readonly TimeSpan BrakePause = TimeSpan.FromMilliseconds(1);

    private readonly LoadValue _values = new(settings.SizeBytes, settings.Content);
    private readonly BrokerClient _client = new(server.Address);

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<Window> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await using LoadTopic topic = await LoadTopic.CreateAsync(settings, _client, settings.RetentionBytes, cancellationToken).ConfigureAwait(false);
        History? history = settings.Verifies ? new History(topic.Name, settings.Partitions) : null;
        var tally = new ConsumedTally(settings.Producers, settings.Partitions);
        await using var fleet = new ProducerFleet(settings, server.Address, topic.Name, _values, acks: null, history) { MeasuresAcks = false };

        // A consumer that falls behind must not meet the end that retention cuts off.
        long recordsAheadMax = settings.RecordsOf(settings.RetentionBytes / 4);
        fleet.Brake = () => fleet.SentCount - tally.Count <= recordsAheadMax ? ValueTask.CompletedTask : new ValueTask(Task.Delay(BrakePause, cancellationToken));
        LongHistogram latency = LatencyHistogram.Create();
        await using var sampler = new RateSampler(live);
        await using var following = new Following(
            new TopicReader(_client, topic.Name, tally, live) { LatencyFromSend = latency }, tally, cancellationToken);
        using var stop = new CancellationTokenSource(duration);
        long started = Stopwatch.GetTimestamp();
        await following.WhileProducingAsync(fleet.RunAsync(long.MaxValue, stop.Token, cancellationToken)).ConfigureAwait(false);
        await following.FinishAsync(fleet.SentCount, cancellationToken).ConfigureAwait(false);
        var window = new Window(tally.Count, Stopwatch.GetElapsedTime(started), latency, null, await sampler.StopAsync().ConfigureAwait(false));
        if (tally.ProblemAtEnd(fleet.Sent) is { } problem)
        {
            throw new CliException(problem);
        }

        await (history?.CheckAsync(server.Address, _values, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        return window;
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
