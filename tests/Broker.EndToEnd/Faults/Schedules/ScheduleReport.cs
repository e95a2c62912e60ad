using Broker.Client;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>What the broker answered in all.</summary>
/// <param name="Schedules">Drawn at random, beside the permutations.</param>
/// <param name="Accepted">Batches written.</param>
/// <param name="Duplicates">Repetitions answered with the first offset.</param>
/// <param name="Gaps">Batches refused because one before them was missing.</param>
/// <param name="Forgotten">Repetitions refused because they came too late to be told their offset.</param>
/// <param name="Fenced">Batches refused because another instance had taken over.</param>
/// <param name="TakeOvers">Openings of a producer that was there.</param>
internal sealed record ScheduleReport(
    int Schedules, long Seed, int Attempts, int Accepted, int Duplicates, int Gaps, int Forgotten, int Fenced, int TakeOvers,
    IReadOnlyDictionary<string, int> Findings, IReadOnlyList<string> Examples) : IRunReport
{
    public bool IsGood => Findings.Count == 0 && Accepted > 0 && Duplicates > 0 && Gaps > 0 && Forgotten > 0 && Fenced > 0 && TakeOvers > 0;

    public static ScheduleReport Of(int schedules, long seed, IReadOnlyList<ScheduleHistory> histories, Findings findings)
    {
        Attempt[] attempts = [.. histories.SelectMany(history => history.Attempts)];
        int Refused(string reason) => attempts.Count(attempt => attempt.Result?.Error?.Reason == reason);
        return new ScheduleReport(
            schedules, seed, attempts.Length, attempts.Count(attempt => attempt.IsAccepted), attempts.Count(attempt => attempt.IsDuplicate),
            Refused(ErrorReasons.OutOfOrderSequenceNumber), Refused(ErrorReasons.DuplicateSequenceNumber),
            Refused(ErrorReasons.InvalidProducerEpoch), histories.Sum(history => history.Openings.Count - 1), findings.Counts, findings.Examples);
    }

    public override string ToString() =>
        $"{Schedules:N0} schedules and all orders of a window, seed {Seed}: {Attempts:N0} batches sent; {Accepted:N0} written, {Duplicates:N0} recognised, "
        + $"{Gaps:N0} refused behind a gap, {Forgotten:N0} too late for their offset, {Fenced:N0} of an old epoch after {TakeOvers:N0} take-overs; "
        + (Findings.Count == 0 ? "nothing lost, nothing twice, all in order" : string.Join(", ", Findings.Select(each => $"{each.Value} {each.Key}")));
}
