using Broker.Client;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>What became of a pipeline.</summary>
/// <param name="Idle">Kills that met nothing in flight.</param>
/// <param name="Transactions">As the broker counted them; 0 in the modes without.</param>
/// <param name="Faults">What else was wrong: a worker that ended by itself, an error in the broker's log.</param>
internal sealed record PipelineReport(
    PipelinePlan Plan, int WorkerKills, int BrokerKills, int Idle, long Transactions, double Seconds, PipelineVerdict Verdict,
    IReadOnlyList<string> Faults) : IRunReport
{
    private const int ExamplesMax = 10;

    public bool IsGood => Faults.Count == 0 && HasBitten && Verdict.Misfed == 0 && Plan.Delivery switch
    {
        DeliveryMode.ExactlyOnce => Verdict is { Lost: 0, Repeated: 0, WrongRoutes.Count: 0 } && Transactions > 0,
        DeliveryMode.AtLeastOnce => Verdict.Lost == 0,
        _ => Verdict.Repeated == 0,
    };

    public IReadOnlyList<string> Examples => [.. Faults, .. IsGood ? [] : Verdict.WrongRoutes.Take(ExamplesMax)];

    public override string ToString() =>
        $"{Plan.Delivery}, seed {Plan.Seed}: {Plan.Records:N0} flights on {Verdict.Routes:N0} routes in {Seconds:F0} s, "
        + $"{WorkerKills} workers and {BrokerKills} brokers killed, {Transactions:N0} transactions; "
        + $"{Verdict.Lost:N0} flights lost, {Verdict.Repeated:N0} counted again, {Verdict.WrongRoutes.Count:N0} routes wrong"
        + (Verdict.Misfed > 0 ? $"; {Verdict.Misfed:N0} FLIGHTS NOT ONCE IN THE INPUT" : "")
        + (HasBitten ? "" : $"; THE KILLS DID NOT BITE ({Idle} met nothing in flight)");

    /// <summary>All kills were done, each met something in flight, and where the mode lets them do harm they did some.</summary>
    private bool HasBitten => WorkerKills == Plan.WorkerKills && BrokerKills == Plan.BrokerKills && Idle == 0
        && (Plan.Delivery == DeliveryMode.ExactlyOnce || Verdict.Lost + Verdict.Repeated > 0);
}
