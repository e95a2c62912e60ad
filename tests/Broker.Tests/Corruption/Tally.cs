using System.Text.Json.Serialization;

namespace Broker.Tests.Corruption;

/// <summary>What became of all damages of one kind. Any thread.</summary>
internal sealed class Tally(string name)
{
    private const int ExamplesMax = 10;

    private readonly Lock _gate = new();

    public string Name => name;

    /// <summary>How often something was damaged and read.</summary>
    public long Damages { get; private set; }

    /// <summary>How often each outcome was seen.</summary>
    public SortedDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>What must never happen: wrong bytes, silent loss, changed files, an exception that is none of storage's.</summary>
    public long Forbidden { get; private set; }

    /// <summary>What is neither forbidden nor what is expected now.</summary>
    public long Unexpected { get; private set; }

    public List<string> Examples { get; } = [];

    public double Seconds { get; set; }

    [JsonIgnore]
    public bool IsGood => Damages > 0 && Forbidden == 0 && Unexpected == 0;

    public void Count(Outcome outcome, Outcome expected, Func<string> example)
    {
        lock (_gate)
        {
            Damages++;
            Outcomes[outcome.ToString()] = Outcomes.GetValueOrDefault(outcome.ToString()) + 1;
            bool isForbidden = Expectations.IsForbidden(outcome);
            Forbidden += isForbidden ? 1 : 0;
            bool isUnexpected = !isForbidden && !expected.HasFlag(outcome);
            Unexpected += isUnexpected ? 1 : 0;
            if ((isForbidden || isUnexpected) && Examples.Count < ExamplesMax)
            {
                Examples.Add($"{outcome}, expected {expected}: {example()}");
            }
        }
    }

    public override string ToString() =>
        $"{Name,-28} {Damages,10:N0} damages, {string.Join(", ", Outcomes.Select(o => $"{o.Value:N0} {o.Key}"))}; "
        + $"{Forbidden} forbidden, {Unexpected} unexpected, {Seconds:F0} s";
}
