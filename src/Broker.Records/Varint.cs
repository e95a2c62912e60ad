using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Records;

/// <summary>Zig-zag variable-length integers as in protobuf and Kafka records: 7 bits a byte, low bits first, high bit = more follows.</summary>
internal static class Varint
{
    public const int Int32SizeBytesMax = 5;
    public const int Int64SizeBytesMax = 10;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf(int value)
    {
        // Bits used, 1..32, divided by 7 and rounded up, as a multiplication: exact for 1..64 bits.
        int bits = 32 - BitOperations.LeadingZeroCount(ZigZag(value) | 1);
        return ((bits * 9) + 64) >> 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf(long value)
    {
        int bits = 64 - BitOperations.LeadingZeroCount(ZigZag(value) | 1);
        return ((bits * 9) + 64) >> 6;
    }

    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too short; nothing was written.</exception>
    public static int Write(Span<byte> destination, int value) => Write(destination, (long)value);

    /// <inheritdoc cref="Write(Span{byte}, int)"/>
    public static int Write(Span<byte> destination, long value)
    {
        int sizeBytes = SizeOf(value);
        if (destination.Length < sizeBytes)
        {
            throw new ArgumentException($"A varint of {sizeBytes} bytes does not fit into {destination.Length}.", nameof(destination));
        }

        WriteUnchecked(ref MemoryMarshal.GetReference(destination), 0, value);
        return sizeBytes;
    }

    /// <summary>Reads at <paramref name="position"/> and moves it behind the number.</summary>
    /// <returns>False when the bytes end too early or hold more than 32 bits; the position is then unspecified.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int position, out int value)
    {
        Invariant.Check(position >= 0);
        return TryRead(ref MemoryMarshal.GetReference(source), ref position, source.Length, out value);
    }

    /// <inheritdoc cref="TryRead(ReadOnlySpan{byte}, ref int, out int)"/>
    /// <returns>False when the bytes end too early or hold more than 64 bits; the position is then unspecified.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int position, out long value)
    {
        Invariant.Check(position >= 0);
        return TryRead(ref MemoryMarshal.GetReference(source), ref position, source.Length, out value);
    }

    // The methods below trust the caller: positions within [0, limit], room for the size of what is written.
    // Slow paths get copies of the locals, so that the callers' positions stay in registers.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryRead(ref byte start, ref int position, int limit, out int value)
    {
        int at = position;
        if (at < limit)
        {
            uint first = Unsafe.Add(ref start, (nint)(uint)at);
            if (first < 0x80)
            {
                position = at + 1;
                value = UnZigZag(first);
                return true;
            }

            if (at + 1 < limit)
            {
                uint second = Unsafe.Add(ref start, (nint)(uint)at + 1);
                if (second < 0x80)
                {
                    position = at + 2;
                    value = UnZigZag((first & 0x7F) | (second << 7));
                    return true;
                }
            }
        }

        long raw = ReadSlow(ref start, ref at, limit, bitsMax: 32, out bool valid);
        position = at;
        value = UnZigZag((uint)raw);
        return valid;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryRead(ref byte start, ref int position, int limit, out long value)
    {
        int at = position;
        if (at < limit)
        {
            ulong first = Unsafe.Add(ref start, (nint)(uint)at);
            if (first < 0x80)
            {
                position = at + 1;
                value = UnZigZag(first);
                return true;
            }

            if (at + 1 < limit)
            {
                ulong second = Unsafe.Add(ref start, (nint)(uint)at + 1);
                if (second < 0x80)
                {
                    position = at + 2;
                    value = UnZigZag((first & 0x7F) | (second << 7));
                    return true;
                }
            }
        }

        long raw = ReadSlow(ref start, ref at, limit, bitsMax: 64, out bool valid);
        position = at;
        value = UnZigZag((ulong)raw);
        return valid;
    }

    /// <returns>Position behind the number.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int WriteUnchecked(ref byte start, int position, int value)
    {
        uint raw = ZigZag(value);
        if (raw < 0x80)
        {
            Unsafe.Add(ref start, (nint)(uint)position) = (byte)raw;
            return position + 1;
        }

        if (raw < 0x4000)
        {
            Unsafe.Add(ref start, (nint)(uint)position) = (byte)(raw | 0x80);
            Unsafe.Add(ref start, (nint)(uint)position + 1) = (byte)(raw >> 7);
            return position + 2;
        }

        return WriteSlow(ref start, position, raw);
    }

    /// <inheritdoc cref="WriteUnchecked(ref byte, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int WriteUnchecked(ref byte start, int position, long value)
    {
        ulong raw = ZigZag(value);
        if (raw < 0x80)
        {
            Unsafe.Add(ref start, (nint)(uint)position) = (byte)raw;
            return position + 1;
        }

        return WriteSlow(ref start, position, raw);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteSlow(ref byte start, int position, ulong raw)
    {
        while (raw >= 0x80)
        {
            Unsafe.Add(ref start, (nint)(uint)position++) = (byte)(raw | 0x80);
            raw >>= 7;
        }

        Unsafe.Add(ref start, (nint)(uint)position++) = (byte)raw;
        return position;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long ReadSlow(ref byte start, ref int position, int limit, int bitsMax, out bool valid)
    {
        ulong raw = 0;
        for (int shift = 0; shift < bitsMax && position < limit; shift += 7)
        {
            ulong current = Unsafe.Add(ref start, (nint)(uint)position++);
            ulong bits = current & 0x7F;
            int bitsLeft = bitsMax - shift;
            if (bitsLeft < 7 && bits >> bitsLeft != 0)
            {
                break;
            }

            raw |= bits << shift;
            if (current < 0x80)
            {
                valid = true;
                return (long)raw;
            }
        }

        valid = false;
        return 0;
    }

    private static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static int UnZigZag(uint raw) => (int)(raw >> 1) ^ -(int)(raw & 1);

    private static long UnZigZag(ulong raw) => (long)(raw >> 1) ^ -(long)(raw & 1);
}
