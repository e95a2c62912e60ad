using System.Buffers.Binary;
using System.Collections;

namespace Broker.MainJob;

/// <summary>Makes records that all differ, and finds out whether all of them came back.</summary>
internal sealed class RecordSet(int count)
{
    private readonly BitArray _seen = new(count);

    /// <summary>Read back, also twice.</summary>
    public int Count { get; private set; }

    public int Distinct { get; private set; }

    public bool IsComplete => Count == count && Distinct == count;

    /// <summary>The number, then bytes that follow from it.</summary>
    public static void Write(Span<byte> value, int number)
    {
        ulong state = (ulong)number;
        for (int at = 0; at + sizeof(ulong) <= value.Length; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(value[at..], state);
            state = (state + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
        }
    }

    public void Add(ReadOnlySpan<byte> value)
    {
        Count++;
        long number = BinaryPrimitives.ReadInt64LittleEndian(value);
        if (number >= 0 && number < count && !_seen[(int)number])
        {
            _seen[(int)number] = true;
            Distinct++;
        }
    }
}
