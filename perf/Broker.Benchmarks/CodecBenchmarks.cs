using BenchmarkDotNet.Attributes;
using Broker.Records;

namespace Broker.Benchmarks;

/// <summary>What a client does with records, and both sides with batches. Times are for one record of 100 B in a batch of 1,000.</summary>
public class CodecBenchmarks
{
    private const int RecordCount = 1000, ValueBytes = 100;

    private readonly DecompressionBuffer _scratch = new();
    private readonly TopicId _topic = TopicId.Read(new byte[TopicId.SizeBytes]);
    private byte[][] _values = [];
    private BatchWriter _writer = null!;
    private PooledBuffer _stored = null!;
    private uint _seed;

    [Params(Codec.None, Codec.Lz4, Codec.Zstd)]
    public Codec Codec { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _values = Batches.Values(RecordCount, ValueBytes);
        _writer = new BatchWriter(Codec);
        _stored = Batches.Encode(_writer, _values, _topic, partition: 0);
        _seed = StoredBatch.PrefixSeed(_topic, partition: 0);
    }

    /// <summary>Records into a stored batch: encoded, compressed, with both checksums.</summary>
    [Benchmark(OperationsPerInvoke = RecordCount)]
    public int Encode()
    {
        PooledBuffer stored = Batches.Encode(_writer, _values, _topic, partition: 0);
        int sizeBytes = stored.Length;
        stored.Release();
        return sizeBytes;
    }

    /// <summary>Both checksums and the header.</summary>
    [Benchmark(OperationsPerInvoke = RecordCount)]
    public bool Validate() => StoredBatch.Validate(_stored.Span, _seed, int.MaxValue) == BatchError.None;

    /// <summary>Every record, decompressed when the batch is compressed.</summary>
    [Benchmark(OperationsPerInvoke = RecordCount)]
    public long Decode()
    {
        long bytes = 0;
        if (BatchReader.TryOpen(_stored.Span, _scratch, out BatchReader reader) == BatchError.None)
        {
            while (reader.TryRead(out RecordView record))
            {
                bytes += record.Value.Length;
            }
        }

        return bytes;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _stored.Release();
        _writer.Dispose();
        _scratch.Dispose();
    }
}
