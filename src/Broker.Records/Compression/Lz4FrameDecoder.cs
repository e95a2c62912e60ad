using K4os.Compression.LZ4;
using K4os.Hash.xxHash;
using static System.Buffers.Binary.BinaryPrimitives;
using static Broker.Records.Compression.Lz4FrameLayout;

namespace Broker.Records.Compression;

/// <summary>Reads exactly one LZ4 frame, whatever its options (no dictionaries). The bytes are input: nothing in them is trusted.</summary>
internal ref struct Lz4FrameDecoder
{
    private const long NoContentSize = -1;

    private readonly ReadOnlySpan<byte> _source;
    private readonly DecompressionBuffer _output;
    private readonly int _bytesMax;
    private readonly int _blockBytesMax;
    private readonly long _contentBytes;
    private readonly byte _flags;
    private int _position;
    private int _written;

    private Lz4FrameDecoder(
        ReadOnlySpan<byte> source, DecompressionBuffer output, int bytesMax, byte flags, int blockBytesMax, long contentBytes, int position)
    {
        _source = source;
        _output = output;
        _bytesMax = bytesMax;
        _flags = flags;
        _blockBytesMax = blockBytesMax;
        _contentBytes = contentBytes;
        _position = position;
    }

    /// <param name="bytesMax">Limit for what is written to the output.</param>
    public static BatchError Decode(ReadOnlySpan<byte> source, DecompressionBuffer output, int bytesMax)
    {
        if (!TryReadHeader(source, output, bytesMax, out Lz4FrameDecoder decoder))
        {
            return BatchError.DecompressionFailed;
        }

        return decoder.DecodeBlocks();
    }

    private static bool TryReadHeader(
        ReadOnlySpan<byte> source, DecompressionBuffer output, int bytesMax, out Lz4FrameDecoder decoder)
    {
        decoder = default;
        if (source.Length <= ContentSizeAt || ReadUInt32LittleEndian(source) != Magic)
        {
            return false;
        }

        byte flags = source[FlagsAt];
        byte blockDescriptor = source[BlockDescriptorAt];
        int blockSizeId = blockDescriptor >> BlockSizeShift;
        if ((flags & VersionMask) != FrameVersion
            || (flags & (ReservedFlag | DictionaryFlag)) != 0
            || (blockDescriptor & BlockDescriptorReservedMask) != 0
            || blockSizeId < BlockSizeId64KiB)
        {
            return false;
        }

        bool hasContentSize = (flags & ContentSizeFlag) != 0;
        int checksumAt = ContentSizeAt + (hasContentSize ? sizeof(long) : 0);
        if (source.Length <= checksumAt
            || source[checksumAt] != Lz4FrameEncoder.HeaderChecksum(source[FlagsAt..checksumAt]))
        {
            return false;
        }

        long contentBytes = hasContentSize ? ReadInt64LittleEndian(source[ContentSizeAt..]) : NoContentSize;
        if (hasContentSize && contentBytes < 0)
        {
            return false;
        }

        decoder = new Lz4FrameDecoder(
            source, output, bytesMax, flags, BlockBytesMax(blockSizeId), contentBytes, checksumAt + sizeof(byte));
        return true;
    }

    private BatchError DecodeBlocks()
    {
        if (_contentBytes > _bytesMax)
        {
            return BatchError.DecompressedTooLarge;
        }

        _output.Reserve((int)Math.Max(_contentBytes, 0), contentBytes: 0);
        while (TryReadUInt32(out uint head))
        {
            if (head == EndMark)
            {
                return Finish();
            }

            int encodedBytes = (int)(head & ~StoredBlockFlag);
            if (encodedBytes > _blockBytesMax || encodedBytes > _source.Length - _position)
            {
                return BatchError.DecompressionFailed;
            }

            ReadOnlySpan<byte> encoded = _source.Slice(_position, encodedBytes);
            _position += encodedBytes;
            if (!IsChecksumRight(BlockChecksumFlag, encoded))
            {
                return BatchError.DecompressionFailed;
            }

            BatchError error = DecodeBlock(encoded, isStored: (head & StoredBlockFlag) != 0);
            if (error != BatchError.None)
            {
                return error;
            }
        }

        return BatchError.DecompressionFailed;
    }

    private BatchError DecodeBlock(ReadOnlySpan<byte> encoded, bool isStored)
    {
        int contentLeft = (int)(_contentBytes == NoContentSize ? _bytesMax : _contentBytes) - _written;
        int room = Math.Min(_blockBytesMax, contentLeft);
        BatchError overflow = room < _blockBytesMax && _contentBytes == NoContentSize
            ? BatchError.DecompressedTooLarge
            : BatchError.DecompressionFailed;
        if (room == 0)
        {
            return overflow;
        }

        byte[] array = _output.Reserve(_written + room, contentBytes: _written);
        Span<byte> target = array.AsSpan(_written, room);
        int decodedBytes;
        if (isStored)
        {
            decodedBytes = encoded.TryCopyTo(target) ? encoded.Length : -1;
        }
        else
        {
            int windowBytes = (_flags & IndependentBlocksFlag) != 0 ? 0 : Math.Min(_written, WindowBytes);
            decodedBytes = windowBytes == 0
                ? LZ4Codec.Decode(encoded, target)
                : LZ4Codec.Decode(encoded, target, array.AsSpan(_written - windowBytes, windowBytes));
        }

        if (decodedBytes < 0)
        {
            return overflow;
        }

        _written += decodedBytes;
        return BatchError.None;
    }

    private BatchError Finish()
    {
        bool isWhole = _contentBytes == NoContentSize || _contentBytes == _written;
        if (!isWhole
            || !IsChecksumRight(ContentChecksumFlag, _output.Array.AsSpan(0, _written))
            || _position != _source.Length)
        {
            return BatchError.DecompressionFailed;
        }

        _output.SetLength(_written);
        return BatchError.None;
    }

    private bool IsChecksumRight(byte flag, ReadOnlySpan<byte> bytes) =>
        (_flags & flag) == 0 || (TryReadUInt32(out uint checksum) && checksum == XXH32.DigestOf(bytes));

    private bool TryReadUInt32(out uint value)
    {
        if (_source.Length - _position < sizeof(uint))
        {
            value = 0;
            return false;
        }

        value = ReadUInt32LittleEndian(_source[_position..]);
        _position += sizeof(uint);
        return true;
    }
}
