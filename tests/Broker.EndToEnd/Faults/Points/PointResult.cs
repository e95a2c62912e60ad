namespace Broker.EndToEnd.Faults.Points;

/// <summary>One crash, what followed it, and what was found then.</summary>
/// <param name="Point">The number of the call before which the broker was killed.</param>
/// <param name="Call">That call; null when this run of the script came to its end with fewer calls.</param>
internal sealed record PointResult(
    int Point, Aftermath Aftermath, string? Call, long DroppedBytes, int Acked, double RestartMs, IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<string> Examples)
{
    public override string ToString() =>
        $"point {Point,4} {Aftermath,-12} {Call ?? "not reached",-60} {DroppedBytes,9:N0} B dropped, {Acked,5:N0} acked, back in {RestartMs,5:F0} ms"
        + (Findings.Count == 0 ? "" : "  FAILED: " + string.Join("; ", Examples));
}
