using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Records;

/// <summary>CRC-32C (Castagnoli), as Kafka, iSCSI and ext4 compute it; one hardware instruction per 8 bytes on x64 and arm64.</summary>
internal static class Crc32C
{
    // The instruction takes three cycles and one can start in each: three lanes at once are almost three times as fast as one.
    // With 1 KiB a lane, joining them (eight table look-ups) is under 3 % of the work, and batches of 3 KiB gain already.
    private const int LaneBytes = 1024;
    private const int ByteValues = 256;

    private static readonly uint[] OneLaneFurther = BuildShift(LaneBytes);
    private static readonly uint[] TwoLanesFurther = BuildShift(2 * LaneBytes);

    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Continues a finished CRC: <c>Append(Compute(a), b)</c> is the CRC of a followed by b.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint state = ~crc;
        if (bytes.Length >= 3 * LaneBytes)
        {
            int lanesBytes = bytes.Length - (bytes.Length % (3 * LaneBytes));
            state = UpdateLanes(state, bytes[..lanesBytes]);
            bytes = bytes[lanesBytes..];
        }

        return ~Update(state, bytes);
    }

    private static uint Update(uint state, ReadOnlySpan<byte> bytes)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        nint at = 0;
        nint wordsEnd = bytes.Length & ~(sizeof(ulong) - 1);
        for (; at < wordsEnd; at += sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, Word(ref start, at));
        }

        for (; at < bytes.Length; at++)
        {
            state = BitOperations.Crc32C(state, Unsafe.Add(ref start, at));
        }

        return state;
    }

    /// <param name="bytes">A whole number of three lanes.</param>
    private static uint UpdateLanes(uint state, ReadOnlySpan<byte> bytes)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        for (nint block = 0; block < bytes.Length; block += 3 * LaneBytes)
        {
            uint second = 0;
            uint third = 0;
            for (nint at = block; at < block + LaneBytes; at += sizeof(ulong))
            {
                state = BitOperations.Crc32C(state, Word(ref start, at));
                second = BitOperations.Crc32C(second, Word(ref start, at + LaneBytes));
                third = BitOperations.Crc32C(third, Word(ref start, at + (2 * LaneBytes)));
            }

            state = Shift(TwoLanesFurther, state) ^ Shift(OneLaneFurther, second) ^ third;
        }

        return state;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte start, nint at)
    {
        ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    /// <summary>The state after so many zero bytes as the table was built for.</summary>
    private static uint Shift(uint[] table, uint state) =>
        table[(byte)state]
        ^ table[ByteValues + (byte)(state >> 8)]
        ^ table[(2 * ByteValues) + (byte)(state >> 16)]
        ^ table[(3 * ByteValues) + (int)(state >> 24)];

    /// <summary>CRCs are linear: what zero bytes make of a state is the sum of what they make of its bits.</summary>
    private static uint[] BuildShift(int zeroBytes)
    {
        byte[] zeros = new byte[zeroBytes];
        uint[] table = new uint[sizeof(uint) * ByteValues];
        for (int bit = 0; bit < 32; bit++)
        {
            uint shifted = Update(1u << bit, zeros);
            int firstOfByte = bit / 8 * ByteValues;
            int valueOfBit = 1 << (bit % 8);
            for (int value = 0; value < ByteValues; value++)
            {
                if ((value & valueOfBit) != 0)
                {
                    table[firstOfByte + value] ^= shifted;
                }
            }
        }

        return table;
    }
}
