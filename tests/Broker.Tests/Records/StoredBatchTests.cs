using Broker.Records;

namespace Broker.Tests.Records;

public sealed class StoredBatchTests
{
    private const int BatchBytesMax = SampleRecord.BatchBytesMax;
    private static readonly TopicId Topic = TopicId.Read("0123456789abcdef"u8);

    [Fact]
    public void What_was_written_is_read_back()
    {
        PooledBuffer buffer = SmallBatch();
        ReadOnlySpan<byte> stored = buffer.Span;
        using var scratch = new DecompressionBuffer();

        Assert.Equal(BatchError.None, StoredBatch.Validate(stored, StoredBatch.PrefixSeed(Topic, 3), BatchBytesMax));
        Assert.Equal(BatchError.None, StoredBatch.ValidateRecords(stored, 1024, scratch));
        Assert.Equal(BatchError.None, BatchReader.TryOpen(stored, scratch, out BatchReader reader));
        Assert.True(reader.TryRead(out RecordView first));
        Assert.Equal("key"u8, first.Key.Span);
        Assert.Equal("value"u8, first.Value.Span);
        Assert.Equal(1_000, first.TimestampMs);
        Assert.True(reader.TryRead(out RecordView second));
        Assert.True(second.Key.IsNull);
        Assert.False(second.Value.IsNull);
        Assert.Equal(0, second.Value.Length);
        Assert.Equal(990, second.TimestampMs);
        Assert.Equal(1, second.Offset);
        Assert.Equal(2, second.HeaderCount);
        HeaderReader headers = second.Headers;
        Assert.True(headers.MoveNext());
        Assert.Equal("a"u8, headers.Current.Key);
        Assert.True(headers.Current.Value.IsNull);
        Assert.True(headers.MoveNext());
        Assert.Equal("ü"u8, headers.Current.Key);
        Assert.Equal("x"u8, headers.Current.Value.Span);
        Assert.False(headers.MoveNext());
        Assert.False(reader.TryRead(out _));
        Assert.Equal(BatchError.None, reader.Error);
        buffer.Release();
    }

    [Fact]
    public void Every_truncation_and_every_flipped_bit_is_detected()
    {
        PooledBuffer buffer = SmallBatch();
        uint seed = StoredBatch.PrefixSeed(Topic, 3);
        for (int length = 0; length < buffer.Length; length++)
        {
            Assert.NotEqual(BatchError.None, StoredBatch.Validate(buffer.Span[..length], seed, BatchBytesMax));
        }

        for (int bit = 0; bit < buffer.Length * 8; bit++)
        {
            buffer.Span[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(BatchError.None, StoredBatch.Validate(buffer.Span, seed, BatchBytesMax));
            buffer.Span[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(BatchError.None, StoredBatch.Validate(buffer.Span, seed, BatchBytesMax));
        buffer.Release();
    }

    [Fact]
    public void A_batch_of_another_partition_fails_its_prefix_crc()
    {
        PooledBuffer buffer = SmallBatch();
        Assert.Equal(
            BatchError.PrefixCrcMismatch,
            StoredBatch.Validate(buffer.Span, StoredBatch.PrefixSeed(Topic, 4), BatchBytesMax));
        buffer.Release();
    }

    [Fact]
    public void Stamp_keeps_the_batch_crc_and_SetProducer_keeps_the_records()
    {
        PooledBuffer buffer = SmallBatch();
        uint seed = StoredBatch.PrefixSeed(Topic, 3);
        uint batchCrc = new StoredBatchView(buffer.Span).BatchCrc;

        StoredBatch.Stamp(buffer.Span, seed, baseOffset: 1L << 40, appendTimeMs: 77, lsn: 88);
        var view = new StoredBatchView(buffer.Span);
        Assert.Equal(batchCrc, view.BatchCrc);
        Assert.Equal(1L << 40, view.BaseOffset);
        Assert.Equal((1L << 40) + 2, view.NextOffset);
        Assert.Equal(77, view.AppendTimeMs);
        Assert.Equal(88, view.Lsn);
        Assert.Equal(BatchError.None, StoredBatch.Validate(buffer.Span, seed, BatchBytesMax));

        StoredBatch.SetProducer(buffer.Span, seed, producerId: 5, epoch: 0x12345678, baseSequence: 0x1234567890abcdef);
        Assert.Equal(5, view.ProducerId);
        Assert.Equal(0x12345678, view.ProducerEpoch);
        Assert.Equal(0x1234567890abcdef, view.BaseSequence);
        Assert.Equal(BatchError.None, StoredBatch.Validate(buffer.Span, seed, BatchBytesMax));

        StoredBatch.SetProducer(buffer.Span, seed, StoredBatch.NoProducer, StoredBatch.NoProducer, StoredBatch.NoProducer);
        Assert.Equal(-1, view.ProducerId);
        Assert.Equal(-1, view.ProducerEpoch);
        Assert.Equal(-1, view.BaseSequence);
        buffer.Release();
    }

    private static PooledBuffer SmallBatch()
    {
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1_000, "key"u8, "value"u8, []);
        writer.Append(990, OptionalBytes.Null, ""u8, [new RecordHeader("a", null), new RecordHeader("ü", "x"u8.ToArray())]);
        return writer.Finish(Topic, 3, producerId: 7, producerEpoch: 1, baseSequence: 10);
    }
}
