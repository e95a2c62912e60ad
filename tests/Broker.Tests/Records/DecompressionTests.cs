using System.Buffers.Binary;
using Broker.Records;
using Broker.Records.Compression;
using CsCheck;
using K4os.Compression.LZ4.Streams;
using K4os.Hash.xxHash;
using ZstdSharp;

namespace Broker.Tests.Records;

/// <summary>Frames as others write them, and frames that lie about their size.</summary>
public sealed class DecompressionTests
{
    private static readonly byte[] Text = [.. Enumerable.Range(0, 30_000).SelectMany(index => BitConverter.GetBytes(index / 7))];

    public static TheoryData<bool, bool, bool, int> Options()
    {
        var data = new TheoryData<bool, bool, bool, int>();
        foreach (int blockSize in new[] { Mem.K64, Mem.K256, Mem.M1, Mem.M4 })
        {
            for (int bits = 0; bits < 8; bits++)
            {
                data.Add((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, blockSize);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Lz4_frames_with_any_options_are_read(bool chained, bool blockChecksum, bool contentChecksum, int blockSize)
    {
        byte[] frame = Lz4Frame(Text, chained, blockChecksum, contentChecksum, blockSize);
        byte flags = frame[Lz4FrameLayout.FlagsAt];
        Assert.Equal(chained, (flags & Lz4FrameLayout.IndependentBlocksFlag) == 0);
        Assert.Equal(blockChecksum, (flags & Lz4FrameLayout.BlockChecksumFlag) != 0);
        Assert.Equal(contentChecksum, (flags & Lz4FrameLayout.ContentChecksumFlag) != 0);
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.None, scratch.Decompress(Codec.Lz4, frame));
        Assert.True(scratch.Content.Span.SequenceEqual(Text));
    }

    [Fact]
    public void Our_lz4_frames_are_read_by_another_implementation()
    {
        byte[] target = new byte[Text.Length];
        int sizeBytes = Codecs.TryCompress(Codec.Lz4, Text, target);
        using LZ4DecoderStream stream = LZ4Stream.Decode(new MemoryStream(target, 0, sizeBytes));
        using var content = new MemoryStream();
        stream.CopyTo(content);
        Assert.Equal(Text, content.ToArray());
    }

    [Fact]
    public void Damage_in_an_lz4_frame_with_checksums_is_found_at_every_byte()
    {
        byte[] frame = Lz4Frame(Text.AsSpan(0, 2_000).ToArray(), chained: true, blockChecksum: true, contentChecksum: true, Mem.K64);
        using var scratch = new DecompressionBuffer();
        for (int position = 0; position < frame.Length; position++)
        {
            frame[position] ^= 0x55;
            Assert.NotEqual(BatchError.None, scratch.Decompress(Codec.Lz4, frame));
            frame[position] ^= 0x55;
            Assert.NotEqual(BatchError.None, scratch.Decompress(Codec.Lz4, frame.AsSpan(0, position)));
        }

        Assert.Equal(BatchError.None, scratch.Decompress(Codec.Lz4, frame));
    }

    [Fact]
    public void Bytes_behind_an_lz4_frame_are_refused()
    {
        byte[] frame = [.. Lz4Frame(Text, false, false, false, Mem.K64), 0];
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.DecompressionFailed, scratch.Decompress(Codec.Lz4, frame));
    }

    [Fact]
    public void An_lz4_frame_that_declares_more_than_the_limit_reserves_nothing()
    {
        byte[] frame = OurLz4Frame(Text);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(Lz4FrameLayout.ContentSizeAt), long.MaxValue);
        SealLz4Header(frame);
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.DecompressedTooLarge, scratch.Decompress(Codec.Lz4, frame));
        Assert.Empty(scratch.Array);
    }

    [Fact]
    public void A_zstd_frame_that_declares_more_than_the_limit_reserves_nothing()
    {
        using var compressor = new Compressor();
        using var scratch = new DecompressionBuffer(bytesMax: Text.Length - 1);
        Assert.Equal(BatchError.DecompressedTooLarge, scratch.Decompress(Codec.Zstd, compressor.Wrap(Text)));
        Assert.Empty(scratch.Array);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void An_lz4_frame_that_declares_another_size_than_it_has_is_refused(int difference)
    {
        byte[] frame = OurLz4Frame(Text);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(Lz4FrameLayout.ContentSizeAt), Text.Length + difference);
        SealLz4Header(frame);
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.DecompressionFailed, scratch.Decompress(Codec.Lz4, frame));
    }

    [Fact]
    public void A_zstd_frame_without_content_size_is_read()
    {
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.None, scratch.Decompress(Codec.Zstd, ZstdStream(Text)));
        Assert.True(scratch.Content.Span.SequenceEqual(Text));
    }

    [Fact]
    public void Zstd_frames_one_after_the_other_are_read()
    {
        using var compressor = new Compressor();
        byte[] frames = [.. compressor.Wrap(Text), .. ZstdStream(Text)];
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.None, scratch.Decompress(Codec.Zstd, frames));
        Assert.Equal(2 * Text.Length, scratch.Content.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Records_beyond_the_limit_are_refused_whatever_is_declared(bool declared)
    {
        using var compressor = new Compressor();
        using var scratch = new DecompressionBuffer(bytesMax: Text.Length - 1);
        byte[] zstd = declared ? compressor.Wrap(Text).ToArray() : ZstdStream(Text);
        byte[] lz4 = declared ? OurLz4Frame(Text) : Lz4Frame(Text, true, false, false, Mem.K64);
        Assert.Equal(BatchError.DecompressedTooLarge, scratch.Decompress(Codec.Zstd, zstd));
        Assert.Equal(BatchError.DecompressedTooLarge, scratch.Decompress(Codec.Lz4, lz4));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_ratio_counts_beyond_the_size_of_a_batch(bool declared)
    {
        using var compressor = new Compressor();
        using var scratch = new DecompressionBuffer();
        byte[] harmless = new byte[Limits.DecompressionRatioFloorBytes];
        byte[] bomb = new byte[32 * 1024 * 1024];
        byte[] Pack(byte[] content) => declared ? compressor.Wrap(content).ToArray() : ZstdStream(content);

        Assert.Equal(BatchError.None, scratch.Decompress(Codec.Zstd, Pack(harmless)));
        Assert.Equal(BatchError.DecompressedTooLarge, scratch.Decompress(Codec.Zstd, Pack(bomb)));
    }

    [Fact]
    public void A_batch_that_its_readers_would_refuse_for_its_ratio_is_written_without_compression()
    {
        var records = new SampleRecord[8];
        Array.Fill(records, new SampleRecord(1, null, new byte[1024 * 1024], []));
        PooledBuffer buffer = SampleRecord.Write(records, Codec.Zstd);
        Assert.Equal(Codec.None, new StoredBatchView(buffer.Span).Codec);
        buffer.Release();
    }

    [Theory]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public void A_changed_or_shortened_frame_never_throws(Codec codec)
    {
        byte[] target = new byte[Text.Length];
        int sizeBytes = Codecs.TryCompress(codec, Text.AsSpan(0, 10_000), target);
        byte[] frame = target[..sizeBytes];
        using var scratch = new DecompressionBuffer();
        Gen.Select(Gen.Int[0, sizeBytes - 1], Gen.Byte, Gen.Int[0, 2 * sizeBytes]).Sample(
            (position, value, length) =>
            {
                byte[] changed = [.. frame];
                changed[position] = value;
                scratch.Decompress(codec, changed.AsSpan(0, Math.Min(length, changed.Length)));
            },
            iter: 20_000,
            threads: 1);
    }

    [Fact]
    public void Gzip_snappy_and_the_reserved_codec_are_unknown()
    {
        using var scratch = new DecompressionBuffer();
        foreach (int codec in new[] { 1, 2, 5, 6, 7 })
        {
            Assert.Equal(BatchError.UnknownCodec, scratch.Decompress((Codec)codec, Text));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchWriter(Codec.Delta));
    }

    private static byte[] OurLz4Frame(byte[] content)
    {
        byte[] target = new byte[content.Length];
        return target[..Codecs.TryCompress(Codec.Lz4, content, target)];
    }

    private static void SealLz4Header(byte[] frame)
    {
        const int checksumAt = Lz4FrameLayout.ContentSizeAt + sizeof(long);
        frame[checksumAt] = (byte)(XXH32.DigestOf(frame.AsSpan(Lz4FrameLayout.FlagsAt..checksumAt)) >> 8);
    }

    private static byte[] Lz4Frame(byte[] content, bool chained, bool blockChecksum, bool contentChecksum, int blockSize)
    {
        var settings = new LZ4EncoderSettings
        {
            ChainBlocks = chained,
            BlockChecksum = blockChecksum,
            ContentChecksum = contentChecksum,
            BlockSize = blockSize,
        };
        using var frame = new MemoryStream();
        using (LZ4EncoderStream encoder = LZ4Stream.Encode(frame, settings, leaveOpen: true))
        {
            encoder.Write(content);
        }

        return frame.ToArray();
    }

    private static byte[] ZstdStream(byte[] content)
    {
        using var frame = new MemoryStream();
        using (var encoder = new CompressionStream(frame))
        {
            encoder.Write(content);
        }

        return frame.ToArray();
    }

    private static class Mem
    {
        public const int K64 = 64 * 1024, K256 = 256 * 1024, M1 = 1024 * 1024, M4 = 4 * M1;
    }
}
