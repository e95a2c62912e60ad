using Broker.Records;
using CsCheck;

namespace Broker.Tests.Records;

public sealed class BatchRoundTripTests
{
    [Theory]
    [InlineData(Codec.None)]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public void Any_records_come_back_as_they_were_written(Codec codec) => SampleRecord.Some.Sample(
        records =>
        {
            PooledBuffer buffer = SampleRecord.Write(records, codec);
            using var scratch = new DecompressionBuffer();
            Assert.Equal(BatchError.None, StoredBatch.Validate(buffer.Span, SampleRecord.Seed, SampleRecord.BatchBytesMax));
            Assert.Equal(BatchError.None, StoredBatch.ValidateRecords(buffer.Span, SampleRecord.RecordBytesMax, scratch));
            Assert.Equal(records, SampleRecord.Read(buffer.Span));
            buffer.Release();
        },
        iter: 300);

    [Theory]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public void Records_that_repeat_become_smaller_and_come_back(Codec codec)
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 5_000).Select(Repetitive)];
        PooledBuffer plain = SampleRecord.Write(records, Codec.None);
        PooledBuffer packed = SampleRecord.Write(records, codec);

        Assert.Equal(codec, new StoredBatchView(packed.Span).Codec);
        Assert.True(packed.Length < plain.Length / 3, $"{packed.Length} of {plain.Length} bytes");
        Assert.Equal(records, SampleRecord.Read(packed.Span));
        plain.Release();
        packed.Release();
    }

    [Theory]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public void Noise_is_written_without_compression(Codec codec)
    {
        byte[] noise = new byte[100_000];
        new Random(1).NextBytes(noise);
        SampleRecord[] records = [new SampleRecord(1, null, noise, [])];

        PooledBuffer buffer = SampleRecord.Write(records, codec);

        Assert.Equal(Codec.None, new StoredBatchView(buffer.Span).Codec);
        Assert.Equal(records, SampleRecord.Read(buffer.Span));
        buffer.Release();
    }

    [Theory]
    [InlineData(Codec.None, Codec.Lz4)]
    [InlineData(Codec.None, Codec.Zstd)]
    [InlineData(Codec.Lz4, Codec.Zstd)]
    [InlineData(Codec.Zstd, Codec.Lz4)]
    [InlineData(Codec.Zstd, Codec.None)]
    public void Recompressing_changes_nothing_but_the_codec(Codec source, Codec target)
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 1_000).Select(Repetitive)];
        PooledBuffer original = SampleRecord.Write(records, source);
        StoredBatch.SetLogAppendTime(original.Span, SampleRecord.Seed, 99);
        StoredBatch.Stamp(original.Span, SampleRecord.Seed, baseOffset: 1_000, appendTimeMs: 2, lsn: 3);
        using var scratch = new DecompressionBuffer();

        BatchError error = Transcoder.Recompress(original.Span, SampleRecord.Seed, target, scratch, out PooledBuffer? result);

        Assert.Equal(BatchError.None, error);
        Assert.Equal(BatchError.None, StoredBatch.Validate(result!.Span, SampleRecord.Seed, SampleRecord.BatchBytesMax));
        var before = new StoredBatchView(original.Span);
        var after = new StoredBatchView(result.Span);
        Assert.Equal(target, after.Codec);
        Assert.True(after.IsLogAppendTime);
        Assert.Equal(before.ProducerId, after.ProducerId);
        Assert.Equal(before.ProducerEpoch, after.ProducerEpoch);
        Assert.Equal(before.BaseSequence, after.BaseSequence);
        Assert.Equal(1_000, after.BaseOffset);
        Assert.Equal(3, after.Lsn);
        Assert.Equal(records.Select(record => record with { TimestampMs = 99 }), SampleRecord.Read(result.Span));
        original.Release();
        result.Release();
    }

    [Fact]
    public void A_writer_starts_anew_after_each_batch_and_after_a_reset()
    {
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1_000, "dropped"u8, OptionalBytes.Null, []);
        writer.Reset();
        Assert.Equal(0, writer.RecordCount);
        for (int batch = 0; batch < 3; batch++)
        {
            writer.Append(batch, "k"u8, OptionalBytes.Null, []);
            PooledBuffer buffer = writer.Finish(SampleRecord.Topic, SampleRecord.Partition, -1, -1, -1);
            SampleRecord read = Assert.Single(SampleRecord.Read(buffer.Span));
            Assert.Equal(new SampleRecord(batch, "k"u8.ToArray(), null, []), read);
            buffer.Release();
        }
    }

    [Fact]
    public void The_announced_sizes_are_upper_bounds() => SampleRecord.Some.Sample(
        records =>
        {
            using var writer = new BatchWriter(Codec.None);
            foreach (SampleRecord record in records)
            {
                int bound = BatchWriter.RecordSizeBytesMax(record.Key, record.Value, record.RecordHeaders);
                int before = writer.SizeBytes;
                writer.Append(record.TimestampMs, record.Key, record.Value, record.RecordHeaders);
                Assert.InRange(writer.SizeBytes - before, 1, bound);
            }

            int announced = writer.SizeBytes;
            PooledBuffer buffer = writer.Finish(SampleRecord.Topic, SampleRecord.Partition, -1, -1, -1);
            Assert.Equal(announced, buffer.Length);
            buffer.Release();
        },
        iter: 100);

    private static SampleRecord Repetitive(int index) => new(
        1_600_000_000_000 + index,
        BitConverter.GetBytes(index % 10),
        [.. "{\"carrier\":\"WN\",\"origin\":\"LAX\",\"delay\":"u8, (byte)('0' + (index % 7)), (byte)'}'],
        [("trace", "0123456789"u8.ToArray())]);
}
