using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>What one timed window gave.</summary>
/// <param name="Records">Sent and acknowledged, or read.</param>
/// <param name="Latency">In nanoseconds; null where there is none to measure.</param>
/// <param name="LatencyFromSend">Of an open loop: from the call, not from when it was due.</param>
/// <param name="Rates">Records a second over the window, one figure for each tenth of a second.</param>
internal sealed record Window(
    long Records, TimeSpan Elapsed, LongHistogram? Latency, LongHistogram? LatencyFromSend, IReadOnlyList<double> Rates);
