namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>What restarts in order came to.</summary>
/// <param name="Duplicates">Batches that were sent again and had been written.</param>
/// <param name="Answers">What another client asked meanwhile, and was told.</param>
internal sealed record GracefulReport(
    int Restarts, long Seed, IReadOnlyList<GracefulRestart> Each, int Acked, int Duplicates, int Answers,
    IReadOnlyDictionary<string, int> Findings, IReadOnlyList<string> Examples) : IRunReport
{
    public bool IsGood => Findings.Count == 0 && Each.Count == Restarts && Answers > 0 && Each.All(restart => restart is { Acks: > 0, InFlight: > 0 });

    public override string ToString() =>
        $"{Each.Count} restarts in order, seed {Seed}: {Acked:N0} records acked, {Duplicates:N0} resent and found; {Answers:N0} calls answered; "
        + $"slowest stop {Max(r => r.StopMs)}, start {Max(r => r.StartMs)}, ack {Max(r => r.AckMs)}, answer {Max(r => r.AnswerMs)}; "
        + (Findings.Count == 0 ? "no error anywhere, nothing lost, nothing twice, all in order" : string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));

    private string Max(Func<GracefulRestart, double> what) => $"{Each.Select(what).DefaultIfEmpty().Max():F0} ms";
}
