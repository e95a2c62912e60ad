using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Records;

/// <summary>CRC-32C (Castagnoli), as Kafka, iSCSI and ext4 compute it; one hardware instruction per 8 bytes on x64 and arm64.</summary>
public static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Continues a finished CRC: <c>Append(Compute(a), b)</c> is the CRC of a followed by b.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        uint state = ~crc;
        nint at = 0;
        nint wordsEnd = bytes.Length & ~7;
        while (at < wordsEnd)
        {
            ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at));
            state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
            at += sizeof(ulong);
        }

        while (at < bytes.Length)
        {
            state = BitOperations.Crc32C(state, Unsafe.Add(ref start, at));
            at++;
        }

        return ~state;
    }
}
