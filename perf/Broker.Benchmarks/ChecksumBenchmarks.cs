using BenchmarkDotNet.Attributes;
using Broker.Records;

namespace Broker.Benchmarks;

/// <summary>CRC-32C, of one batch at a time.</summary>
public class ChecksumBenchmarks
{
    private byte[] _bytes = [];

    [Params(100, 4096, 131_072)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bytes = new byte[Bytes];
        new Random(Bytes).NextBytes(_bytes);
    }

    [Benchmark]
    public uint Checksum() => Crc32C.Compute(_bytes);
}
