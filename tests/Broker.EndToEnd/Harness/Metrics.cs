using System.Globalization;

namespace Broker.EndToEnd.Harness;

/// <summary>One reading of /metrics, in the Prometheus text format.</summary>
internal sealed class Metrics
{
    private readonly Dictionary<string, double> _sums;
    private readonly Dictionary<string, List<(double Bound, double Count)>> _buckets;

    private Metrics(Dictionary<string, double> sums, Dictionary<string, List<(double Bound, double Count)>> buckets) =>
        (_sums, _buckets) = (sums, buckets);

    /// <summary>The sum over all label sets of one name.</summary>
    /// <exception cref="KeyNotFoundException">The broker exports no such name.</exception>
    public double this[string name] =>
        _sums.TryGetValue(name, out double sum) ? sum : throw new KeyNotFoundException($"/metrics has no {name}; it has {string.Join(", ", _sums.Keys)}.");

    /// <summary>The same for a counter with labels: one that has counted nothing yet is not exported.</summary>
    public double Counted(string name) => _sums.GetValueOrDefault(name);

    /// <summary>A histogram without other labels: upper bounds in order, and how many values were at most so large.</summary>
    public IReadOnlyList<(double Bound, double Count)> Buckets(string name) => _buckets.GetValueOrDefault($"{name}_bucket", []);

    public static Metrics Parse(string text)
    {
        const string bound = "_bucket{le=\"";
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        var buckets = new Dictionary<string, List<(double, double)>>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // name{labels} value, or name value
            if (line[0] == '#')
            {
                continue;
            }

            int nameEnd = line.IndexOfAny(['{', ' ']);
            int valueStart = line.LastIndexOf(' ') + 1;
            if (nameEnd > 0 && double.TryParse(line.AsSpan(valueStart), CultureInfo.InvariantCulture, out double value))
            {
                string name = line[..nameEnd];
                sums[name] = sums.GetValueOrDefault(name) + value;
                if (line.IndexOf(bound, StringComparison.Ordinal) is > 0 and var labelAt)
                {
                    string limit = line[(labelAt + bound.Length)..line.LastIndexOf('"')];
                    List<(double, double)> list = buckets.TryGetValue(name, out List<(double, double)>? known) ? known : buckets[name] = [];
                    list.Add((limit == "+Inf" ? double.PositiveInfinity : double.Parse(limit, CultureInfo.InvariantCulture), value));
                }
            }
        }

        return new Metrics(sums, buckets);
    }
}
