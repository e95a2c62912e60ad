using Broker.Client;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>What a pipeline has to live through.</summary>
/// <param name="Records">Flights that it gets, spread over the duration.</param>
internal sealed record PipelinePlan(DeliveryMode Delivery, int Records, TimeSpan Duration, int WorkerKills, int BrokerKills, long Seed)
{
    private const int WorkerKillsPerMinute = 5, BrokerKillsPerMinute = 1;

    // The last kill has time to be late.
    private const double KillsUntil = 0.9;

    public static PipelinePlan Of(DeliveryMode delivery, int records, int minutes, long seed) =>
        new(delivery, records, TimeSpan.FromMinutes(minutes), WorkerKillsPerMinute * minutes, BrokerKillsPerMinute * minutes, seed);

    /// <summary>When the kills are, and which of them end the broker: each kind spread evenly, with a moment left to chance in each share.</summary>
    public IReadOnlyList<(TimeSpan At, bool IsOfBroker)> Kills()
    {
        var random = new Random(unchecked((int)Seed));
        IEnumerable<(TimeSpan, bool)> Spread(int count, bool isOfBroker) =>
            Enumerable.Range(0, count).Select(kill => (Duration * KillsUntil * ((kill + random.NextDouble()) / count), isOfBroker));
        return [.. Spread(WorkerKills, isOfBroker: false).Concat(Spread(BrokerKills, isOfBroker: true)).OrderBy(kill => kill.Item1)];
    }
}
