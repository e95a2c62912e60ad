namespace Broker.Checker.Anomalies;

/// <summary>What was found: counted by anomaly, with the first cases of each.</summary>
internal sealed class Findings
{
    // One mistake often shows at thousands of places, and the first ones tell of it.
    private const int ExamplesMax = 5;

    private readonly Dictionary<Anomaly, int> _counts = [];
    private readonly List<Finding> _examples = [];

    /// <summary>What was found at all, in the order of <see cref="Anomaly.All"/>.</summary>
    public IEnumerable<(Anomaly Anomaly, int Count)> Counts =>
        Anomaly.All.Where(_counts.ContainsKey).Select(anomaly => (anomaly, _counts[anomaly]));

    public IEnumerable<Finding> ExamplesOf(Anomaly anomaly) => _examples.Where(finding => finding.Anomaly == anomaly);

    /// <summary>About a record.</summary>
    public void Add(Anomaly anomaly, int key, long offset, string what, params int[] operations)
    {
        int count = _counts.GetValueOrDefault(anomaly) + 1;
        _counts[anomaly] = count;
        if (count <= ExamplesMax)
        {
            _examples.Add(new Finding(anomaly, what, key, offset, operations));
        }
    }

    /// <summary>About operations.</summary>
    public void Add(Anomaly anomaly, string what, params int[] operations) => Add(anomaly, key: -1, offset: -1, what, operations);
}
