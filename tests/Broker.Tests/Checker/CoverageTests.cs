using Broker.Checker.Evidence;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker;

/// <summary>What readers have gone over: only there can something be missing.</summary>
public sealed class CoverageTests
{
    [Fact]
    public void Ranges_that_touch_or_overlap_are_one_and_a_gap_between_them_stays()
    {
        var coverage = new Coverage();
        foreach ((long from, long upTo) in new (long, long)[] { (20, 30), (0, 5), (5, 7), (3, 4), (6, 8), (40, 40) })
        {
            coverage.Add(from, upTo);
        }

        Assert.Equal(
            Enumerable.Range(0, 8).Concat(Enumerable.Range(20, 10)), Enumerable.Range(0, 50).Where(offset => coverage.Has(offset)));
    }

    [Fact]
    public void A_reader_has_gone_over_what_lies_between_its_records()
    {
        PollWalk walk = Walk(script =>
        {
            script.Assign(2, (0, 1));
            script.Poll(2, 0, (1, 11), (3, 13));
        });
        Assert.Equal([1, 2, 3], Passed(walk));
    }

    [Fact]
    public void A_reader_that_is_set_elsewhere_has_not_gone_over_what_lies_between()
    {
        PollWalk walk = Walk(script =>
        {
            script.Assign(2, (0, 0));
            script.Poll(2, 0, (0, 10));
            script.Assign(2, (0, 3));
            script.Poll(2, 0, (3, 13));
        });
        Assert.Equal([0, 3], Passed(walk));
    }

    [Fact]
    public void A_reader_that_goes_back_keeps_what_it_had()
    {
        PollWalk walk = Walk(script =>
        {
            script.Assign(2, (0, 3));
            script.Poll(2, 0, (3, 13), (4, 14));
            script.Poll(2, 0, (0, 10));
        });
        Assert.Equal([0, 3, 4], Passed(walk));
    }

    [Fact]
    public void A_place_that_nobody_knows_begins_with_its_first_record()
    {
        PollWalk walk = Walk(script =>
        {
            script.Assign(2, (0, -1));
            script.Poll(2, 0, (3, 13));
        });
        Assert.Equal([3], Passed(walk));
    }

    private static PollWalk Walk(Action<HistoryScript> write) => new Facts(Of(script =>
    {
        script.Send(1, [.. Enumerable.Range(0, 5).Select(at => Sent(0, 10 + at, at))]);
        write(script);
    })).Walk;

    private static IEnumerable<int> Passed(PollWalk walk) => Enumerable.Range(0, 6).Where(offset => walk.HasPassed(0, offset));
}
