using System.Globalization;
using Broker.Records;
using Broker.Tests.Tidy;

namespace Broker.Tests.Records;

/// <summary>Every version and codec of the stored batch that was ever written stays readable, byte for byte as in Golden/.</summary>
public sealed class GoldenBatchTests
{
    private const long Start = 1_700_000_000_000;

    private static readonly SampleRecord[] FourRecords =
    [
        new(Start, "flight 12"u8.ToArray(), "LAX-SFO"u8.ToArray(),
            [("trace", "4bf92f"u8.ToArray()), ("empty", []), ("null", null)]),
        new(Start - 250, null, [], []),
        new(Start + 64, [], null, []),
        new(Start + 8192, "k"u8.ToArray(), [.. Enumerable.Repeat((byte)'v', 70)], []),
    ];

    private static readonly SampleRecord[] OneRecord = [new(Start, null, "hello"u8.ToArray(), [])];

    private static readonly SampleRecord[] TenRecords = [.. Enumerable.Range(0, 10).Select(index => new SampleRecord(
        Start + index, [(byte)'k', (byte)('0' + index)], "one value, ten times the same"u8.ToArray(), []))];

    [Theory]
    [InlineData("batch-v1-none.hex", Codec.None)]
    [InlineData("batch-v1-lz4.hex", Codec.Lz4)]
    [InlineData("batch-v1-zstd.hex", Codec.Zstd)]
    public void A_stored_batch_is_read(string file, Codec codec)
    {
        byte[] stored = Load(file);

        Assert.Equal(BatchError.None, StoredBatch.Validate(stored, SampleRecord.Seed, SampleRecord.BatchBytesMax));
        var view = new StoredBatchView(stored);
        Assert.Equal(codec, view.Codec);
        Assert.Equal(4711, view.ProducerId);
        Assert.Equal(0x1_0002, view.ProducerEpoch);
        Assert.Equal(0x3_0000_0004, view.BaseSequence);
        Assert.Equal(1_000, view.BaseOffset);
        Assert.Equal(Start + 500, view.AppendTimeMs);
        Assert.Equal(42, view.Lsn);
        Assert.Equal(codec == Codec.None ? FourRecords : TenRecords, SampleRecord.Read(stored));
    }

    [Fact]
    public void A_batch_without_producer_is_read()
    {
        byte[] stored = Load("batch-v1-none-without-producer.hex");

        Assert.Equal(BatchError.None, StoredBatch.Validate(stored, SampleRecord.Seed, SampleRecord.BatchBytesMax));
        var view = new StoredBatchView(stored);
        Assert.Equal(StoredBatch.NoProducer, view.ProducerId);
        Assert.Equal(StoredBatch.NoProducer, view.ProducerEpoch);
        Assert.Equal(StoredBatch.NoProducer, view.BaseSequence);
        Assert.Equal(OneRecord, SampleRecord.Read(stored));
    }

    [Fact]
    public void Batches_without_compression_are_written_byte_for_byte()
    {
        using var writer = new BatchWriter(Codec.None);
        PooledBuffer four = Write(writer, FourRecords, producerId: 4711, epoch: 0x1_0002, baseSequence: 0x3_0000_0004);
        StoredBatch.Stamp(four.Span, SampleRecord.Seed, baseOffset: 1_000, appendTimeMs: Start + 500, lsn: 42);
        PooledBuffer one = Write(writer, OneRecord, StoredBatch.NoProducer, StoredBatch.NoProducer, StoredBatch.NoProducer);

        Assert.Equal(Load("batch-v1-none.hex"), four.Span.ToArray());
        Assert.Equal(Load("batch-v1-none-without-producer.hex"), one.Span.ToArray());
        four.Release();
        one.Release();
    }

    private static PooledBuffer Write(
        BatchWriter writer, SampleRecord[] records, long producerId, int epoch, long baseSequence)
    {
        foreach (SampleRecord record in records)
        {
            writer.Append(record.TimestampMs, record.Key, record.Value, record.RecordHeaders);
        }

        return writer.Finish(SampleRecord.Topic, SampleRecord.Partition, producerId, epoch, baseSequence);
    }

    /// <summary>Lines of <c>position: bytes ; meaning</c>; the positions must be right.</summary>
    private static byte[] Load(string file)
    {
        string path = Path.Combine(Repository.Root, "tests/Broker.Tests/Records/Golden", file);
        var bytes = new List<byte>();
        foreach (string line in File.ReadLines(path).Where(line => !line.StartsWith('#')))
        {
            string[] parts = line.Split(':', ';');
            Assert.Equal(bytes.Count, int.Parse(parts[0], NumberStyles.HexNumber));
            bytes.AddRange(Convert.FromHexString(parts[1].Trim()));
        }

        return [.. bytes];
    }
}
