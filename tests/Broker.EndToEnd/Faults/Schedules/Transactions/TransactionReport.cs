using Broker.Client;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>What the broker answered to transactional schedules in all.</summary>
/// <param name="Schedules">Drawn at random, beside the permutations.</param>
/// <param name="Committed">Transactions.</param>
/// <param name="Behind">Commits over a stream.</param>
/// <param name="Repeated">Further answers that told of a commit.</param>
/// <param name="Aborted">Transactions that were said to be aborted.</param>
/// <param name="Late">Batches refused because their transaction was over.</param>
/// <param name="Fenced">Calls refused because another instance had taken over.</param>
/// <param name="TakeOvers">Openings of a producer that was there.</param>
internal sealed record TransactionReport(
    int Schedules, long Seed, int Calls, int Committed, int Behind, int Repeated, int Aborted, int Late, int Fenced, int TakeOvers,
    IReadOnlyDictionary<string, int> Findings, IReadOnlyList<string> Examples) : IRunReport
{
    public bool IsGood => Findings.Count == 0 && Committed > 0 && Behind > 0 && Repeated > 0 && Aborted > 0 && Late > 0 && Fenced > 0 && TakeOvers > 0;

    public static TransactionReport Of(int schedules, long seed, IReadOnlyList<TransactionHistory> histories, Findings findings)
    {
        TransactionCall[] calls = [.. histories.SelectMany(history => history.Calls)];
        int Transactions(Func<TransactionCall, bool> has) =>
            histories.Sum(history => history.Calls.Where(has).DistinctBy(call => (call.Epoch, call.Number)).Count());
        int committed = Transactions(call => call.Commit is not null);
        return new TransactionReport(
            schedules, seed, calls.Length, committed, calls.Count(call => call is { Commit: not null, Step.IsOverStream: true }), calls.Count(call => call.Commit is not null) - committed, Transactions(call => call.SaysAborted),
            calls.Count(call => call is { Kind: CallKind.Send, Refusal: ErrorReasons.TransactionAbortable or "INVALID_TXN_STATE" }),
            calls.Count(call => call.Refusal == ErrorReasons.InvalidProducerEpoch), histories.Sum(history => history.Openings.Count - 1),
            findings.Counts, findings.Examples);
    }

    public override string ToString() =>
        $"{Schedules:N0} transactional schedules and all orders of short ones, seed {Seed}: {Calls:N0} calls; {Committed:N0} transactions committed and "
        + $"{Repeated:N0} times told again, {Behind:N0} times over a stream, {Aborted:N0} aborted, {Late:N0} batches too late, {Fenced:N0} calls of an old epoch after {TakeOvers:N0} take-overs; "
        + (Findings.Count == 0 ? "each whole or nowhere" : string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
