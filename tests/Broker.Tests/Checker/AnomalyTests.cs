using Broker.Checker.Anomalies;
using Broker.Checker.Reports;
using Broker.Tests.Checker.Cases;
using Broker.Tests.Tidy;

namespace Broker.Tests.Checker;

/// <summary>Who tests the tester: for each anomaly a history that has it and nothing else, and its neighbour that has none.</summary>
public sealed class AnomalyTests
{
    private static readonly Policy Strict = new() { Also = new HashSet<string> { "G-single", "G2" } };

    private static readonly AnomalyCase[] All =
    [
        .. ContentCases.All, .. TransactionCases.All, .. LossCases.All, .. OrderCases.All, .. ProducerAndGroupCases.All, .. CycleCases.All,
    ];

    public static TheoryData<string> Cases { get; } = [.. All.Select(each => each.ToString())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_found_and_nothing_else(string words)
    {
        AnomalyCase each = Find(words);
        var verdict = new Verdict(HistoryScript.Of(each.Bad), Strict);
        Assert.Equal([each.Anomaly], verdict.Findings.Counts.Select(found => found.Anomaly.Name));
        Assert.False(verdict.IsGood);
        Assert.Equal("bad", verdict.Words);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_near_to_it_has_nothing(string words)
    {
        AnomalyCase each = Find(words);
        var verdict = new Verdict(HistoryScript.Of(each.Good), Strict);
        Assert.Empty(verdict.Findings.Counts.Select(found => found.Anomaly.Name));
        Assert.True(verdict.IsGood);
    }

    [Fact]
    public void Each_anomaly_has_a_case_and_a_row_in_the_docs()
    {
        string docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "testing.md"));
        Assert.Equal(Anomaly.All.Select(anomaly => anomaly.Name).Order(), All.Select(each => each.Anomaly).Distinct().Order());
        Assert.All(Anomaly.All, anomaly => Assert.Contains($"\n| `{anomaly.Name}` |", docs, StringComparison.Ordinal));
    }

    private static AnomalyCase Find(string words) => All.Single(each => each.ToString() == words);
}
