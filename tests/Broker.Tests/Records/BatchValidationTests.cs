using System.Buffers.Binary;
using Broker.Records;
using CsCheck;

namespace Broker.Tests.Records;

/// <summary>
/// Goal: bytes from outside never throw, overread or pass for what they are not. Method: take a valid batch, change its
/// fields or its records, renew both CRCs, as a faulty or hostile client would, and look at the verdict.
/// </summary>
public sealed class BatchValidationTests
{
    [Theory]
    [InlineData(StoredBatchLayout.VersionAt, 2, nameof(BatchError.UnknownVersion))]
    [InlineData(StoredBatchLayout.FlagsAt, 1, nameof(BatchError.UnknownVersion))]
    [InlineData(StoredBatchLayout.ReservedAt + 3, 1, nameof(BatchError.UnknownVersion))]
    [InlineData(StoredBatchLayout.MagicAt, 1, nameof(BatchError.BadMagic))]
    [InlineData(StoredBatchLayout.BatchLengthAt + 3, 1, nameof(BatchError.LengthMismatch))]
    [InlineData(StoredBatchLayout.BatchLengthAt, 0x80, nameof(BatchError.LengthMismatch))]
    [InlineData(StoredBatchLayout.AttributesAt + 1, 1, nameof(BatchError.UnknownCodec))]
    [InlineData(StoredBatchLayout.AttributesAt + 1, 2, nameof(BatchError.UnknownCodec))]
    [InlineData(StoredBatchLayout.AttributesAt + 1, 5, nameof(BatchError.UnknownCodec))]
    [InlineData(StoredBatchLayout.AttributesAt + 1, 7, nameof(BatchError.UnknownCodec))]
    [InlineData(StoredBatchLayout.AttributesAt + 1, 0x20, nameof(BatchError.UnsupportedAttributes))]
    [InlineData(StoredBatchLayout.AttributesAt + 1, 0x40, nameof(BatchError.UnsupportedAttributes))]
    [InlineData(StoredBatchLayout.AttributesAt, 0x80, nameof(BatchError.UnsupportedAttributes))]
    [InlineData(StoredBatchLayout.LastOffsetDeltaAt + 3, 9, nameof(BatchError.BadRecordCount))]
    [InlineData(StoredBatchLayout.RecordCountAt + 3, 0, nameof(BatchError.BadRecordCount))]
    [InlineData(StoredBatchLayout.RecordCountAt, 0x80, nameof(BatchError.BadRecordCount))]
    public void A_field_with_a_value_that_must_not_be_is_refused_by_name(int position, byte value, string expected)
    {
        PooledBuffer buffer = SmallBatch();
        buffer.Span[position] = value;
        StoredBatch.WriteCrcs(buffer.Span, SampleRecord.Seed);

        Assert.Equal(expected, StoredBatch.Validate(buffer.Span, SampleRecord.Seed, SampleRecord.BatchBytesMax).ToString());
        buffer.Release();
    }

    [Fact]
    public void A_batch_without_records_is_refused()
    {
        PooledBuffer buffer = SmallBatch();
        BinaryPrimitives.WriteInt32BigEndian(buffer.Span[StoredBatchLayout.RecordCountAt..], 0);
        BinaryPrimitives.WriteInt32BigEndian(buffer.Span[StoredBatchLayout.LastOffsetDeltaAt..], -1);
        StoredBatch.WriteCrcs(buffer.Span, SampleRecord.Seed);

        Assert.Equal(BatchError.BadRecordCount, StoredBatch.Validate(buffer.Span, SampleRecord.Seed, SampleRecord.BatchBytesMax));
        buffer.Release();
    }

    [Fact]
    public void A_batch_may_be_as_large_as_its_limit_and_no_larger()
    {
        PooledBuffer buffer = SmallBatch();
        Assert.Equal(BatchError.None, StoredBatch.Validate(buffer.Span, SampleRecord.Seed, buffer.Length));
        Assert.Equal(BatchError.TooLarge, StoredBatch.Validate(buffer.Span, SampleRecord.Seed, buffer.Length - 1));
        buffer.Release();
    }

    [Fact]
    public void A_record_may_be_as_large_as_its_limit_and_no_larger()
    {
        using var scratch = new DecompressionBuffer();
        PooledBuffer buffer = SampleRecord.Write([new SampleRecord(1, null, new byte[1_000], [])], Codec.None);
        int recordBytes = buffer.Length - StoredBatch.OverheadBytes;
        Assert.Equal(BatchError.None, StoredBatch.ValidateRecords(buffer.Span, recordBytes, scratch));
        Assert.Equal(BatchError.RecordTooLarge, StoredBatch.ValidateRecords(buffer.Span, recordBytes - 1, scratch));
        buffer.Release();
    }

    [Theory]
    [InlineData("length beyond the section", "1600000001026B0000")]
    [InlineData("length below its fields", "0A00000001026B00")]
    [InlineData("length above its fields", "1000000001027600FF")]
    [InlineData("negative length", "0100000001010100")]
    [InlineData("empty body", "00")]
    [InlineData("first offset delta 1", "0C000002010100")]
    [InlineData("key length −2", "0C000000030100")]
    [InlineData("key length beyond the record", "0C000000280100")]
    [InlineData("key length that overflows the position", "14000000FEFFFFFF0F0100")]
    [InlineData("value length that overflows the position", "1400000001FEFFFFFF0F00")]
    [InlineData("value length −2", "0C000000010300")]
    [InlineData("negative header count", "0C000000010101")]
    [InlineData("huge header count", "14000000010 1FEFFFFFF0F")]
    [InlineData("header key null", "10000000010102 0101")]
    [InlineData("header value length −2", "10000000010102 0003")]
    [InlineData("bytes behind the last record", "0C00000001010000")]
    [InlineData("varint of five full bytes", "FFFFFFFFFF0000")]
    public void A_malformed_record_is_refused(string what, string hex)
    {
        using var scratch = new DecompressionBuffer();
        byte[] stored = WithRecords(Convert.FromHexString(hex.Replace(" ", "")), recordCount: 1, maxTimestamp: 0);

        Assert.Equal(BatchError.None, StoredBatch.Validate(stored, SampleRecord.Seed, SampleRecord.BatchBytesMax));
        BatchError error = StoredBatch.ValidateRecords(stored, SampleRecord.RecordBytesMax, scratch);
        Assert.True(error is BatchError.BadRecord or BatchError.BadRecordCount, $"{what}: {error}");
    }

    [Fact]
    public void The_record_that_the_malformed_ones_differ_from_is_accepted()
    {
        using var scratch = new DecompressionBuffer();
        byte[] stored = WithRecords(Convert.FromHexString("0C000000010100"), recordCount: 1, maxTimestamp: 0);
        Assert.Equal(BatchError.None, StoredBatch.ValidateRecords(stored, SampleRecord.RecordBytesMax, scratch));
    }

    [Fact]
    public void A_maximum_timestamp_that_no_record_has_is_refused()
    {
        using var scratch = new DecompressionBuffer();
        byte[] stored = WithRecords(Convert.FromHexString("0C000000010100"), recordCount: 1, maxTimestamp: 5);
        Assert.Equal(BatchError.BadMaxTimestamp, StoredBatch.ValidateRecords(stored, SampleRecord.RecordBytesMax, scratch));
    }

    [Fact]
    public void A_count_above_the_records_is_refused()
    {
        using var scratch = new DecompressionBuffer();
        byte[] stored = WithRecords(Convert.FromHexString("0C0000000101000C000002010100"), recordCount: 3, maxTimestamp: 0);
        Assert.Equal(BatchError.BadRecordCount, StoredBatch.ValidateRecords(stored, SampleRecord.RecordBytesMax, scratch));
    }

    [Fact]
    public void Random_bytes_behind_valid_crcs_never_throw() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[1, 30], Gen.OneOf(Gen.Const(0), Gen.Const(3), Gen.Const(4))).Sample(
            (bytes, recordCount, codec) =>
            {
                using var scratch = new DecompressionBuffer();
                byte[] stored = WithRecords(bytes, recordCount, maxTimestamp: 0, (Codec)codec);
                Assert.Equal(BatchError.None, StoredBatch.Validate(stored, SampleRecord.Seed, SampleRecord.BatchBytesMax));
                StoredBatch.ValidateRecords(stored, SampleRecord.RecordBytesMax, scratch);
            },
            iter: 20_000);

    [Theory]
    [InlineData(Codec.None)]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public void Changed_bytes_behind_valid_crcs_never_throw_and_reveal_nothing_beyond_the_records(Codec codec)
    {
        SampleRecord[] records = [.. Enumerable.Range(0, 40).Select(index => new SampleRecord(
            index, "key"u8.ToArray(), "the same value every time"u8.ToArray(), [("header", null), ("other", "value"u8.ToArray())]))];
        PooledBuffer original = SampleRecord.Write(records, codec);
        byte[] stored = original.Span.ToArray();
        original.Release();
        int recordsBytes = stored.Length - StoredBatch.OverheadBytes;
        using var scratch = new DecompressionBuffer();
        Assert.Equal(codec, new StoredBatchView(stored).Codec);

        Gen.Select(Gen.Int[0, recordsBytes - 1], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                byte[] changed = [.. stored];
                foreach ((int position, byte value) in changes)
                {
                    changed[StoredBatch.OverheadBytes + position] = value;
                }

                StoredBatch.WriteCrcs(changed, SampleRecord.Seed);
                if (BatchReader.TryOpen(changed, scratch, out BatchReader reader) != BatchError.None)
                {
                    return;
                }

                while (reader.TryRead(out RecordView record))
                {
                    // The spans would throw if a position or length were outside the section.
                    SampleRecord.From(record);
                }
            },
            iter: 20_000,
            threads: 1);
    }

    [Fact]
    public void Every_error_has_its_own_sentence()
    {
        string[] sentences = [.. Enum.GetValues<BatchError>().Select(BatchErrors.Describe)];
        Assert.Equal(sentences.Length, sentences.Distinct().Count());
        Assert.DoesNotContain(sentences, sentence => sentence.Contains("unknown error", StringComparison.Ordinal));
    }

    private static PooledBuffer SmallBatch() => SampleRecord.Write(
        [new SampleRecord(1, "k"u8.ToArray(), "v"u8.ToArray(), []), new SampleRecord(2, null, null, [])], Codec.None);

    /// <summary>The head of a valid batch before any bytes, with CRCs that are right for them.</summary>
    private static byte[] WithRecords(byte[] records, int recordCount, long maxTimestamp, Codec codec = Codec.None)
    {
        PooledBuffer buffer = SmallBatch();
        byte[] stored = [.. buffer.Span[..StoredBatch.OverheadBytes], .. records];
        buffer.Release();
        BinaryPrimitives.WriteInt32BigEndian(
            stored.AsSpan(StoredBatchLayout.BatchLengthAt), stored.Length - StoredBatchLayout.PartitionLeaderEpochAt);
        BinaryPrimitives.WriteInt16BigEndian(stored.AsSpan(StoredBatchLayout.AttributesAt), (short)codec);
        BinaryPrimitives.WriteInt32BigEndian(stored.AsSpan(StoredBatchLayout.LastOffsetDeltaAt), recordCount - 1);
        BinaryPrimitives.WriteInt64BigEndian(stored.AsSpan(StoredBatchLayout.BaseTimestampAt), 0);
        BinaryPrimitives.WriteInt64BigEndian(stored.AsSpan(StoredBatchLayout.MaxTimestampAt), maxTimestamp);
        BinaryPrimitives.WriteInt32BigEndian(stored.AsSpan(StoredBatchLayout.RecordCountAt), recordCount);
        StoredBatch.WriteCrcs(stored, SampleRecord.Seed);
        return stored;
    }
}
