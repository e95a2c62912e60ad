using System.Diagnostics;
using Broker.Cli;
using Broker.Client;
using Broker.Load.Servers;
using Broker.Load.Values;

namespace Broker.Load.Scenarios;

/// <summary>A topic that was filled before is read from its start to its end, again and again; each reading is checked.</summary>
internal sealed class ConsumeScenario(LoadSettings settings, LoadServer server, LiveCount live) : IScenario
{
    private const long Unlimited = -1;

    private readonly LoadValue _values = new(settings.SizeBytes, settings.Content);
    private readonly BrokerClient _client = new(server.Address);
    private LoadTopic? _topic;
    private IReadOnlyList<long> _sent = [];

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _topic = await LoadTopic.CreateAsync(settings, _client, Unlimited, cancellationToken).ConfigureAwait(false);
        History? history = settings.Verifies && !server.IsRaw ? new History(_topic.Name, settings.Partitions) : null;
        await using var fleet = new ProducerFleet(settings, server.Address, _topic.Name, _values, live, history);
        await fleet.RunAsync(settings.RecordsOf(settings.FillBytes), CancellationToken.None, cancellationToken).ConfigureAwait(false);
        _sent = fleet.Sent;
        await (history?.CheckAsync(server.Address, _values, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
    }

    public async Task<Window> RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var sampler = new RateSampler(live);
        long started = Stopwatch.GetTimestamp();
        long deadline = started + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        long records = 0;
        do
        {
            var tally = new ConsumedTally(settings.Producers, settings.Partitions);
            await new TopicReader(_client, _topic!.Name, tally, live)
                .ReadAsync(stopAtEnd: true, deadline, cancellationToken).ConfigureAwait(false);
            records += tally.Count;
            bool isWhole = Stopwatch.GetTimestamp() <= deadline;
            if ((isWhole ? tally.ProblemAtEnd(_sent) : tally.Problem) is { } problem)
            {
                throw new CliException(problem);
            }
        }
        while (Stopwatch.GetTimestamp() < deadline);
        return new Window(records, Stopwatch.GetElapsedTime(started), null, null, await sampler.StopAsync().ConfigureAwait(false));
    }

    public async ValueTask DisposeAsync()
    {
        if (_topic is not null)
        {
            await _topic.DisposeAsync().ConfigureAwait(false);
        }

        await _client.DisposeAsync().ConfigureAwait(false);
    }
}
