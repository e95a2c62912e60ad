namespace Broker.Tests.Checker;

/// <summary>A history with one anomaly and nothing else, and one as near to it as can be that has none.</summary>
internal sealed record AnomalyCase(string Anomaly, string Words, Action<HistoryScript> Bad, Action<HistoryScript> Good)
{
    // What the test's name shows.
    public override string ToString() => $"{Anomaly}: {Words}";
}
