using BenchmarkDotNet.Attributes;

namespace Broker.Benchmarks;

/// <summary>
/// The engine's append with group commit, on a real directory: from the call until all of the batches are on disk and can be
/// read. Times are for one such round.
/// </summary>
public class AppendBenchmarks
{
    private const int ValueBytes = 100;
    private const long RetentionBytes = 1L << 30;

    private EngineOnDisk _engine = null!;

    [Params(1, 1200)]
    public int RecordsPerBatch { get; set; }

    [Params(1, 20)]
    public int BatchesAtOnce { get; set; }

    [GlobalSetup]
    public void Setup() => _engine = new EngineOnDisk(RecordsPerBatch, ValueBytes, RetentionBytes);

    [Benchmark]
    public void Append() => _engine.Append(BatchesAtOnce);

    [GlobalCleanup]
    public void Cleanup() => _engine.Dispose();
}
