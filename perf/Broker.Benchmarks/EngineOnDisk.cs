using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Benchmarks;

/// <summary>An engine on a real directory with one partition, and batches to append to it.</summary>
internal sealed class EngineOnDisk : IDisposable
{
    // Where the directories are made; the temporary directory otherwise, which must be on a disk.
    private const string DirectoryVariable = "BROKER_BENCHMARK_DIRECTORY";
    private const string Topic = "benchmark";

    private readonly string _directory;
    private readonly BrokerEngine _engine;
    private readonly PooledBuffer _template;

    public EngineOnDisk(int recordsPerBatch, int valueBytes, long retentionBytes)
    {
        string parent = Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } named ? named : Path.GetTempPath();
        _directory = Path.Combine(parent, $"broker-benchmark-{Guid.CreateVersion7():N}");
        _engine = BrokerEngine.Open(
            new EngineOptions { DataDirectory = _directory, RetentionCheckInterval = TimeSpan.FromMilliseconds(500) }, TimeProvider.System);
        var config = new Dictionary<string, string> { ["retention.bytes"] = $"{retentionBytes}", ["segment.bytes"] = $"{128 << 20}" };
        Partition = _engine.CreateTopicAsync(Topic, 1, config, CancellationToken.None).AsTask().GetAwaiter().GetResult().Partitions[0];
        using var writer = new BatchWriter(Codec.None);
        _template = Batches.Encode(writer, Batches.Values(recordsPerBatch, valueBytes), Partition.TopicId, Partition.Partition);
    }

    public PartitionHandle Partition { get; }

    public int BatchBytes => _template.Length;

    /// <summary>Appends so many batches at once and waits until all of them are durable and visible.</summary>
    public void Append(int batchCount)
    {
        long lsn = 0;
        for (int i = 0; i < batchCount; i++)
        {
            PooledBuffer batch = PooledBuffer.Rent(_template.Length);
            _template.Span.CopyTo(batch.Span);
            AppendDecision decision = _engine.Append(Partition, batch.Memory, batch, Durability.Durable);
            batch.Release();
            Invariant.Check(decision.IsAccepted);
            lsn = decision.Lsn;
        }

        _engine.Progress.WaitVisibleAsync(lsn, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _template.Release();
        Directory.Delete(_directory, recursive: true);
    }
}
