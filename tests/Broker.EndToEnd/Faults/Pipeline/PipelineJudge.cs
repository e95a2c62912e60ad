namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>
/// Compares what the pipeline made of the flights with what is counted from the file, and says of each flight how often it counts:
/// an output names the batch that it was made from, in which all flights of its route count once through it.
/// </summary>
internal sealed class PipelineJudge(int records)
{
    private readonly int[] _timesFed = new int[records];
    private readonly Dictionary<Route, RouteTotal> _found = [];

    // By partition of the flights and route: where its flights are, in order, and how often each counts.
    private readonly Dictionary<(int Partition, Route Route), (List<long> Offsets, List<int> Times)> _flights = [];

    /// <summary>All flights of a partition in the order of offsets, before any output.</summary>
    public void AddFlight(int partition, long offset, Flight flight)
    {
        _timesFed[flight.Id]++;
        if (!_flights.TryGetValue((partition, flight.Route), out (List<long> Offsets, List<int> Times) flights))
        {
            flights = _flights[(partition, flight.Route)] = ([], []);
        }

        flights.Offsets.Add(offset);
        flights.Times.Add(0);
    }

    public void AddOutput(RouteDelays delays)
    {
        _found[delays.Route] = _found.GetValueOrDefault(delays.Route).Add(delays.Count, delays.Delay);
        if (!_flights.TryGetValue((delays.Partition, delays.Route), out (List<long> Offsets, List<int> Times) flights))
        {
            return; // The totals of this route tell.
        }

        int at = flights.Offsets.BinarySearch(delays.From);
        for (at = at < 0 ? ~at : at; at < flights.Offsets.Count && flights.Offsets[at] < delays.To; at++)
        {
            flights.Times[at]++;
        }
    }

    /// <summary>The verdict on all of it.</summary>
    /// <param name="expected">From the file.</param>
    public PipelineVerdict Judge(IReadOnlyDictionary<Route, RouteTotal> expected)
    {
        int[] times = [.. _flights.Values.SelectMany(route => route.Times)];
        Route[] wrong =
        [
            .. expected.Keys.Union(_found.Keys)
                .Where(route => expected.GetValueOrDefault(route) != _found.GetValueOrDefault(route))
                .OrderBy(route => route.ToString(), StringComparer.Ordinal),
        ];
        return new PipelineVerdict(
            expected.Count, _timesFed.Count(count => count != 1), times.Count(count => count == 0), times.Sum(count => Math.Max(0, count - 1)),
            [.. wrong.Select(route => $"{route}: {_found.GetValueOrDefault(route)}; in the file {expected.GetValueOrDefault(route)}")]);
    }
}
