using System.Buffers;
using System.Numerics;

namespace Broker.Protocol.Wire;

/// <summary>
/// Writes protobuf fields into an <see cref="IBufferWriter{T}"/>. Small fields gather in a block that the caller owns
/// and that goes out with <see cref="Flush"/>; large ones are copied straight into the destination.
/// </summary>
internal ref struct ProtoWriter(IBufferWriter<byte> destination, Span<byte> block)
{
    private readonly IBufferWriter<byte> _destination = destination;
    private readonly Span<byte> _block = block;
    private int _position;

    public static int VarintSizeBytes(ulong value)
    {
        // Seven bits a byte: ceil(bits / 7), and one byte for zero.
        return (BitOperations.Log2(value | 1) * 9 + 73) >> 6;
    }

    /// <summary>A one-byte tag and the value; nothing for zero, as proto3 leaves defaults out.</summary>
    public static int VarintFieldSizeBytes(ulong value)
    {
        return value == 0 ? 0 : 1 + VarintSizeBytes(value);
    }

    public static int LengthDelimitedSizeBytes(int length)
    {
        return 1 + VarintSizeBytes((ulong)length) + length;
    }

    public void WriteVarintField(byte tag, ulong value)
    {
        if (value != 0)
        {
            WritePresentVarintField(tag, value);
        }
    }

    /// <summary>A field whose presence means something: written whatever its value.</summary>
    public void WritePresentVarintField(byte tag, ulong value)
    {
        _block[_position++] = tag;
        WriteVarint(value);
    }

    public void WriteLength(byte tag, int length)
    {
        _block[_position++] = tag;
        WriteVarint((ulong)length);
    }

    /// <summary>Room for <paramref name="sizeBytes"/> bytes in the block, for the caller to fill.</summary>
    public Span<byte> Take(int sizeBytes)
    {
        Span<byte> room = _block.Slice(_position, sizeBytes);
        _position += sizeBytes;
        return room;
    }

    /// <summary>Sends the block on, then <paramref name="payload"/>.</summary>
    public void WritePayload(ReadOnlySpan<byte> payload)
    {
        Flush();
        // Asks for what the destination has at hand: a hint of the whole size would make a pipe allocate that much.
        _destination.Write(payload);
    }

    public void Flush()
    {
        _destination.Write(_block[.._position]);
        _position = 0;
    }

    private void WriteVarint(ulong value)
    {
        while (value >= 0x80)
        {
            _block[_position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _block[_position++] = (byte)value;
    }
}
