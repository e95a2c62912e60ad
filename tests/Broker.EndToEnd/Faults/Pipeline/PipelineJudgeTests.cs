namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>Whether the judge sees what is wrong with a pipeline's output, and nothing else.</summary>
public sealed class PipelineJudgeTests
{
    private static readonly Flight[] Flights = [new(0, "A", "B", 5), new(1, "A", "C", -2), new(2, "A", "B", 7), new(3, "A", "B", 1)];

    private static readonly Dictionary<Route, RouteTotal> Expected = new() { [new("A", "B")] = new(3, 13), [new("A", "C")] = new(1, -2) };

    // Of two batches: offsets 0 to 2 and 3.
    private static readonly RouteDelays[] Whole =
        [new("A", "B", 0, 0, 3, 2, 12), new("A", "C", 0, 0, 3, 1, -2), new("A", "B", 0, 3, 4, 1, 1)];

    [Fact]
    public void An_output_in_which_each_flight_counts_once_is_good()
    {
        PipelineVerdict verdict = Judge(Flights, Whole);
        Assert.Equal((2, 0, 0, 0), (verdict.Routes, verdict.Misfed, verdict.Lost, verdict.Repeated));
        Assert.Empty(verdict.WrongRoutes);
    }

    [Fact]
    public void A_missing_output_loses_the_flights_that_it_was_made_from()
    {
        PipelineVerdict verdict = Judge(Flights, Whole[1..]);
        Assert.Equal((0, 2, 0), (verdict.Misfed, verdict.Lost, verdict.Repeated));
        Assert.Equal(["A-B: 1 flights, mean delay 1/1; in the file 3 flights, mean delay 13/3"], verdict.WrongRoutes);
    }

    [Fact]
    public void A_repeated_output_counts_its_flights_again_also_when_another_is_missing_and_the_count_is_right()
    {
        PipelineVerdict verdict = Judge(Flights, [Whole[1], Whole[2], Whole[2], Whole[2]]);
        Assert.Equal((0, 2, 2), (verdict.Misfed, verdict.Lost, verdict.Repeated));
        Assert.Equal(["A-B: 3 flights, mean delay 3/3; in the file 3 flights, mean delay 13/3"], verdict.WrongRoutes);
    }

    [Fact]
    public void An_output_that_overlaps_another_repeats_only_what_both_cover()
    {
        PipelineVerdict verdict = Judge(Flights, [.. Whole, new("A", "B", 0, 2, 4, 2, 8)]);
        Assert.Equal((0, 0, 2), (verdict.Misfed, verdict.Lost, verdict.Repeated));
    }

    [Fact]
    public void A_wrong_sum_and_a_route_that_no_flight_has_are_wrong_although_each_flight_counts_once()
    {
        PipelineVerdict verdict = Judge(Flights, [.. Whole[..2], Whole[2] with { Delay = 2 }, new("X", "Y", 0, 0, 4, 1, 0)]);
        Assert.Equal((0, 0, 0), (verdict.Misfed, verdict.Lost, verdict.Repeated));
        Assert.Equal(["A-B", "X-Y"], verdict.WrongRoutes.Select(line => line[..3]));
    }

    [Fact]
    public void A_flight_that_is_missing_in_the_input_and_one_that_is_there_twice_are_told_apart_from_what_the_pipeline_did() =>
        Assert.Equal(2, Judge([Flights[0], Flights[1], Flights[2], Flights[2]], Whole).Misfed);

    private static PipelineVerdict Judge(Flight[] flights, RouteDelays[] outputs)
    {
        var judge = new PipelineJudge(Flights.Length);
        for (int offset = 0; offset < flights.Length; offset++)
        {
            judge.AddFlight(partition: 0, offset, flights[offset]);
        }

        foreach (RouteDelays delays in outputs)
        {
            judge.AddOutput(delays);
        }

        return judge.Judge(Expected);
    }
}
