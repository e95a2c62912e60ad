using System.Globalization;

namespace Broker.EndToEnd.Harness;

/// <summary>One reading of /metrics, in the Prometheus text format.</summary>
internal sealed class Metrics
{
    private readonly Dictionary<string, double> _sums;

    private Metrics(Dictionary<string, double> sums) => _sums = sums;

    /// <summary>The sum over all label sets of one name.</summary>
    /// <exception cref="KeyNotFoundException">The broker exports no such name.</exception>
    public double this[string name] =>
        _sums.TryGetValue(name, out double sum) ? sum : throw new KeyNotFoundException($"/metrics has no {name}; it has {string.Join(", ", _sums.Keys)}.");

    /// <summary>The same for a counter with labels: one that has counted nothing yet is not exported.</summary>
    public double Counted(string name) => _sums.GetValueOrDefault(name);

    public static Metrics Parse(string text)
    {
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
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
            }
        }

        return new Metrics(sums);
    }
}
