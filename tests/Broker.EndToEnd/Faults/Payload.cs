using System.Buffers.Binary;
using System.Numerics;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// A record's content as a function of its value: value, size, bytes that follow from the value, checksum. So each byte that
/// comes back can be judged without having kept what was sent. Shares no code with the broker.
/// </summary>
internal static class Payload
{
    private const int ValueAt = 0, SizeAt = ValueAt + sizeof(long), FillAt = SizeAt + sizeof(int), ChecksumBytes = sizeof(uint);

    // Sizes from a few bytes to beyond a disk sector, so that batches of every shape arise.
    private const int FillBytesMin = 8, FillBytesMax = 600;

    public static byte[] Create(long value)
    {
        ulong state = Mix((ulong)value);
        int fillBytes = FillBytesMin + (int)(state % (FillBytesMax - FillBytesMin));
        byte[] bytes = new byte[FillAt + fillBytes + ChecksumBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(ValueAt), value);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(SizeAt), bytes.Length);
        for (int at = FillAt; at < FillAt + fillBytes; at++)
        {
            bytes[at] = (byte)(state >> (at % 8 * 8));
            if (at % 8 == 7)
            {
                state = Mix(state);
            }
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - ChecksumBytes), Checksum(bytes.AsSpan(..^ChecksumBytes)));
        return bytes;
    }

    /// <returns>False when the bytes are not those of any value.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        if (bytes.Length < FillAt + FillBytesMin + ChecksumBytes
            || BinaryPrimitives.ReadInt32LittleEndian(bytes[SizeAt..]) != bytes.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..]) != Checksum(bytes[..^ChecksumBytes]))
        {
            return false;
        }

        value = BinaryPrimitives.ReadInt64LittleEndian(bytes[ValueAt..]);
        return true;
    }

    /// <summary>The finaliser of SplitMix64: neighbouring values get unrelated bytes.</summary>
    private static ulong Mix(ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte each in bytes)
        {
            crc = BitOperations.Crc32C(crc, each);
        }

        return ~crc;
    }
}
