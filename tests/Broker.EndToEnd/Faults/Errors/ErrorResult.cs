namespace Broker.EndToEnd.Faults.Errors;

/// <summary>What came of a call that failed.</summary>
/// <param name="Files">What the calls that failed were about, relative to the data directory; empty when none was reached.</param>
/// <param name="ExitCode">Of a broker that ended because of it; null when it went on.</param>
/// <param name="Refused">Sends that it refused for good.</param>
internal sealed record ErrorResult(
    ErrorPoint Point, IReadOnlyList<string> Files, int? ExitCode, int Acked, int Refused, IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<string> Examples)
{
    public override string ToString() =>
        $"{Point} {(Files.Count == 0 ? "not reached" : ExitCode is { } code ? $"ended with code {code}" : "went on"),-18} {Acked,5:N0} acked, {Refused,3} refused; {string.Join(", ", Files)}"
        + (Findings.Count == 0 ? "" : "  FAILED: " + string.Join("; ", Examples));
}
