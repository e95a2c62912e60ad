using BenchmarkDotNet.Attributes;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Benchmarks;

/// <summary>
/// The engine's read path: the batches of one answer, found by offset, from the map, checksums verified; and what a client
/// does with them. Times are for one answer.
/// </summary>
public class FetchBenchmarks
{
    private const int RecordsPerBatch = 1200, ValueBytes = 100, BatchCount = 1600;
    private const long Unlimited = -1;

    private readonly DecompressionBuffer _scratch = new();
    private EngineOnDisk _engine = null!;
    private long _offset;

    [Params(4 << 10, 1 << 20)]
    public int AnswerBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _engine = new EngineOnDisk(RecordsPerBatch, ValueBytes, Unlimited);
        for (int done = 0; done < BatchCount; done += 20)
        {
            _engine.Append(20);
        }
    }

    [Benchmark]
    public int Read()
    {
        using Storage.Segments.LogSlice slice = Next();
        return slice.Memory.Length;
    }

    [Benchmark]
    public long ReadAndDecode()
    {
        using Storage.Segments.LogSlice slice = Next();
        long bytes = 0;
        for (ReadOnlySpan<byte> rest = slice.Memory.Span; !rest.IsEmpty;)
        {
            int sizeBytes = StoredBatch.SizeFromHeader(rest);
            Invariant.Check(BatchReader.TryOpen(rest[..sizeBytes], _scratch, out BatchReader reader) == BatchError.None);
            while (reader.TryRead(out RecordView record))
            {
                bytes += record.Value.Length;
            }

            rest = rest[sizeBytes..];
        }

        return bytes;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _engine.Dispose();
        _scratch.Dispose();
    }

    /// <summary>From front to back, again and again.</summary>
    private Storage.Segments.LogSlice Next()
    {
        ReadResult result = _engine.Partition.Read(_offset, AnswerBytes);
        Invariant.Check(result.Error == Engine.BrokerError.None);
        _offset = result.Slice.NextOffset < _engine.Partition.HighWatermark ? result.Slice.NextOffset : 0;
        return result.Slice;
    }
}
