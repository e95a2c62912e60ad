using System.Diagnostics;
using Broker.Checker.Histories;
using Broker.Checker.Reports;
using Broker.Tests.Checker.Model;

namespace Broker.Tests.Checker;

/// <summary>
/// Goal: no false alarm, and no blindness. A broker that keeps its promises is called by processes whose calls overlap, fail, are in
/// doubt and sent again; its history must be good. Then one thing in it is made wrong, and must be found.
/// </summary>
public sealed class RandomHistoryTests
{
    private static readonly Policy Drained = new() { Also = new HashSet<string> { Policy.Undrained } };

    // Which of the names it gets depends on whether others have polled the record, and whether anything follows it.
    private static readonly (string Name, Func<List<HistoryEvent>, Random, List<HistoryEvent>> Mutate, string[] Found)[] Mutations =
    [
        ("drop a record", Mutation.DropRecord, ["int-poll-skip", "lost-write", "torn-txn"]),
        ("swap two records", Mutation.SwapRecords, ["int-nonmonotonic-poll"]),
        ("swap two values", Mutation.SwapValues, ["inconsistent-offset", "duplicate"]),
        ("move an offset", Mutation.MoveOffset, ["int-nonmonotonic-poll"]),
        ("double a record", Mutation.DuplicateRecord, ["int-nonmonotonic-poll"]),
        ("move an ack", Mutation.MoveAck, ["inconsistent-offset"]),
        ("tear a transaction", Mutation.TearTransaction, ["torn-txn", Policy.Undrained]),
    ];

    public static TheoryData<string> Names { get; } = [.. Mutations.Select(each => each.Name)];

    [Fact]
    public void A_broker_that_keeps_its_promises_is_called_good()
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            var verdict = new Verdict(RandomHistory.Build(RandomHistory.Generate(operations: 600, seed)), Drained);
            Assert.True(verdict.IsGood, $"seed {seed}: {Describe(verdict)}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_wrong_thing_is_found(string name)
    {
        (_, Func<List<HistoryEvent>, Random, List<HistoryEvent>> mutate, string[] found) = Mutations.Single(each => each.Name == name);
        for (int seed = 1; seed <= 40; seed++)
        {
            List<HistoryEvent> wrong = mutate(RandomHistory.Generate(operations: 600, seed), new Random(seed));
            AssertFound(new Verdict(RandomHistory.Build(wrong), Drained), found, $"seed {seed}");
        }
    }

    [Fact]
    public void Of_200_000_operations_all_are_judged_within_seconds()
    {
        List<HistoryEvent> events = RandomHistory.Generate(operations: 200_000, seed: 4711);
        long started = Stopwatch.GetTimestamp();
        var good = new Verdict(RandomHistory.Build(events), Drained);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);

        Assert.True(good.IsGood, Describe(good));
        Assert.True(good.Figures is { Operations: > 200_000, InDoubt: > 1000, Incarnations: > 1000, RecordsUnseen: 0 });
        // Some two seconds on two cores that do other things as well.
        Assert.True(elapsed < TimeSpan.FromSeconds(20), $"took {elapsed}");
        foreach ((string name, Func<List<HistoryEvent>, Random, List<HistoryEvent>> mutate, string[] found) in Mutations)
        {
            AssertFound(new Verdict(RandomHistory.Build(mutate(events, new Random(1))), Drained), found, name);
        }
    }

    private static void AssertFound(Verdict verdict, string[] anomalies, string where)
    {
        Assert.False(verdict.IsGood, where);
        string[] found = [.. verdict.Findings.Counts.Select(each => each.Anomaly.Name), .. verdict.IsUndrained ? [Policy.Undrained] : Array.Empty<string>()];
        Assert.True(found.Intersect(anomalies).Any(), $"{where}: {Describe(verdict)}");
    }

    private static string Describe(Verdict verdict)
    {
        using var text = new StringWriter();
        TextReport.Write(text, "history", verdict);
        return text.ToString();
    }
}
