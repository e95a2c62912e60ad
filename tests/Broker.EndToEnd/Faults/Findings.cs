namespace Broker.EndToEnd.Faults;

/// <summary>What a check objected to: counted by kind, with a few examples of each.</summary>
internal sealed class Findings
{
    private const int ExamplesMax = 5;

    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly List<string> _examples = [];

    public IReadOnlyDictionary<string, int> Counts => _counts;

    public IReadOnlyList<string> Examples => _examples;

    public bool Any => _counts.Count > 0;

    public int this[string kind] => _counts.GetValueOrDefault(kind);

    public void Add(string kind, string what)
    {
        int count = this[kind] + 1;
        _counts[kind] = count;
        if (count <= ExamplesMax)
        {
            _examples.Add($"{kind}: {what}");
        }
    }

    /// <summary>Takes over what another check found.</summary>
    public void AddAll(Findings other)
    {
        foreach ((string kind, int count) in other.Counts)
        {
            _counts[kind] = this[kind] + count;
        }

        _examples.AddRange(other.Examples);
    }
}
