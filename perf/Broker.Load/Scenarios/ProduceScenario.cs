using System.Diagnostics;
using Broker.Cli;
using Broker.Client;
using Broker.Load.Servers;
using Broker.Load.Values;

namespace Broker.Load.Scenarios;

/// <summary>Producers at full speed; a record counts when it was acknowledged.</summary>
internal sealed class ProduceScenario(LoadSettings settings, LoadServer server, LiveCount live) : IScenario
{
    private readonly LoadValue _values = new(settings.SizeBytes, settings.Content);
    private readonly BrokerClient _client = new(server.Address);

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<Window> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await using LoadTopic topic = await LoadTopic.CreateAsync(settings, _client, settings.RetentionBytes, cancellationToken).ConfigureAwait(false);
        History? history = settings.Verifies && !server.IsRaw ? new History(topic.Name, settings.Partitions) : null;
        await using var fleet = new ProducerFleet(settings, server.Address, topic.Name, _values, live, history);
        await using var sampler = new RateSampler(live);
        using var stop = new CancellationTokenSource(duration);
        long started = Stopwatch.GetTimestamp();
        await fleet.RunAsync(long.MaxValue, stop.Token, cancellationToken).ConfigureAwait(false);
        var window = new Window(
            fleet.Sent.Sum(), Stopwatch.GetElapsedTime(started), fleet.AckLatency, null, await sampler.StopAsync().ConfigureAwait(false));
        if (!server.IsRaw && await topic.EndAsync(cancellationToken).ConfigureAwait(false) is var end && end != window.Records)
        {
            throw new CliException($"{window.Records:N0} records were acknowledged, and the topic holds {end:N0}");
        }

        await (history?.CheckAsync(server.Address, _values, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        return window;
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
