using System.Text;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>The flights of the sample file, again and again under new ids, and what must come of them.</summary>
internal sealed class FlightSchedule
{
    private readonly string[] _lines;
    private readonly Flight[] _flights;
    private readonly byte[][] _keys;

    private FlightSchedule(string[] lines)
    {
        _lines = lines;
        _flights = [.. lines.Select(line => Flight.Parse(Encoding.UTF8.GetBytes(line)))];
        _keys = [.. _flights.Select(flight => Encoding.UTF8.GetBytes(flight.Origin))];
    }

    public static async Task<FlightSchedule> LoadAsync() => new(await SampleData.LinesAsync("flights-20k.ndjson"));

    /// <summary>The flight's origin.</summary>
    public byte[] Key(int id) => _keys[id % _keys.Length];

    public byte[] Value(int id) => Encoding.UTF8.GetBytes($$"""{"id":{{id}},{{_lines[id % _lines.Length].AsSpan(1)}}""");

    /// <summary>Counted from the file, without any broker.</summary>
    public IReadOnlyDictionary<Route, RouteTotal> Totals(int records)
    {
        var totals = new Dictionary<Route, RouteTotal>();
        for (int at = 0; at < Math.Min(records, _flights.Length); at++)
        {
            // The rounds in which this line came.
            int rounds = ((records - at - 1) / _flights.Length) + 1;
            Flight flight = _flights[at];
            totals[flight.Route] = totals.GetValueOrDefault(flight.Route).Add(rounds, (long)rounds * flight.Delay);
        }

        return totals;
    }
}
