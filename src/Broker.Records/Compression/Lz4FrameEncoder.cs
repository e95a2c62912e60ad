using K4os.Compression.LZ4;
using K4os.Hash.xxHash;
using static System.Buffers.Binary.BinaryPrimitives;
using static Broker.Records.Compression.Lz4FrameLayout;

namespace Broker.Records.Compression;

/// <summary>Writes LZ4 frames that Kafka's clients read: independent blocks of 64 KiB, content size declared, no checksums (the batch has its own).</summary>
internal static class Lz4FrameEncoder
{
    private const int HeaderChecksumAt = ContentSizeAt + sizeof(long);
    private const int HeaderBytes = HeaderChecksumAt + sizeof(byte);

    /// <returns>Bytes written, or −1 when the frame does not fit into the target.</returns>
    public static int TryEncode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (target.Length < HeaderBytes + sizeof(uint))
        {
            return -1;
        }

        WriteHeader(target, source.Length);
        int position = HeaderBytes;
        while (!source.IsEmpty)
        {
            ReadOnlySpan<byte> block = source[..Math.Min(source.Length, Limits.Lz4BlockBytesMax)];
            int written = TryEncodeBlock(block, target[position..]);
            if (written < 0)
            {
                return -1;
            }

            position += written;
            source = source[block.Length..];
        }

        if (target.Length - position < sizeof(uint))
        {
            return -1;
        }

        WriteUInt32LittleEndian(target[position..], EndMark);
        return position + sizeof(uint);
    }

    private static void WriteHeader(Span<byte> target, int contentBytes)
    {
        WriteUInt32LittleEndian(target, Magic);
        target[FlagsAt] = FrameVersion | IndependentBlocksFlag | ContentSizeFlag;
        target[BlockDescriptorAt] = BlockSizeId64KiB << BlockSizeShift;
        WriteInt64LittleEndian(target[ContentSizeAt..], contentBytes);
        target[HeaderChecksumAt] = HeaderChecksum(target[FlagsAt..HeaderChecksumAt]);
    }

    internal static byte HeaderChecksum(ReadOnlySpan<byte> descriptor) => (byte)(XXH32.DigestOf(descriptor) >> 8);

    private static int TryEncodeBlock(ReadOnlySpan<byte> block, Span<byte> target)
    {
        if (target.Length <= sizeof(uint))
        {
            return -1;
        }

        Span<byte> content = target[sizeof(uint)..];
        Span<byte> smaller = content[..Math.Min(content.Length, block.Length - 1)];
        int encodedBytes = smaller.IsEmpty ? -1 : LZ4Codec.Encode(block, smaller, LZ4Level.L00_FAST);
        if (encodedBytes > 0)
        {
            WriteUInt32LittleEndian(target, (uint)encodedBytes);
            return sizeof(uint) + encodedBytes;
        }

        if (content.Length < block.Length)
        {
            return -1;
        }

        WriteUInt32LittleEndian(target, (uint)block.Length | StoredBlockFlag);
        block.CopyTo(content);
        return sizeof(uint) + block.Length;
    }
}
