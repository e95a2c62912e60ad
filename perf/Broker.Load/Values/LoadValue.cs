using System.Buffers.Binary;
using System.Text;
using Broker.EndToEnd.Faults;

namespace Broker.Load.Values;

/// <summary>
/// Makes values that all differ, and judges those that come back: a number (producer and counter, as the history has it), the
/// time of the send call, then bytes that follow from the number.
/// </summary>
/// <remarks>Immutable.</remarks>
internal sealed class LoadValue
{
    private const int NumberAt = 0, SentAtAt = NumberAt + sizeof(long), FillAt = SentAtAt + sizeof(long), CounterBits = 40;

    // Read through from front to back, so that it costs little; longer than any batch, so that no codec sees a piece twice.
    private const int BlockBytes = 4 << 20;
    private const int ContentSeed = 4711;

    /// <summary>Number and time.</summary>
    public const int SizeBytesMin = FillAt;

    private readonly byte[] _block;
    private readonly int _fillBytes;
    private readonly uint _fillsPerBlock;

    public LoadValue(int sizeBytes, LoadContent content)
    {
        SizeBytes = sizeBytes;
        _fillBytes = sizeBytes - FillAt;
        _fillsPerBlock = (uint)Math.Max(1, BlockBytes / Math.Max(1, _fillBytes));
        _block = new byte[Math.Max(BlockBytes, _fillBytes)];
        var random = new Random(ContentSeed);
        if (content == LoadContent.Random)
        {
            random.NextBytes(_block);
        }
        else
        {
            WriteOrders(_block, random);
        }
    }

    public int SizeBytes { get; }

    /// <param name="sentAt">Of <see cref="System.Diagnostics.Stopwatch"/>; 0: nobody wants to know.</param>
    public void Write(Span<byte> value, int producer, long counter, long sentAt)
    {
        BinaryPrimitives.WriteInt64LittleEndian(value[NumberAt..], ((long)producer << CounterBits) | counter);
        BinaryPrimitives.WriteInt64LittleEndian(value[SentAtAt..], sentAt);
        Fill(counter).CopyTo(value[FillAt..]);
    }

    public static (int Producer, long Counter) Number(ReadOnlySpan<byte> value)
    {
        long number = BinaryPrimitives.ReadInt64LittleEndian(value[NumberAt..]);
        return ((int)(number >> CounterBits), number & ((1L << CounterBits) - 1));
    }

    public static long SentAt(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt64LittleEndian(value[SentAtAt..]);

    /// <summary>Judges every byte.</summary>
    public ReadBack Judge(long offset, ReadOnlySpan<byte> value)
    {
        if (value.Length != SizeBytes)
        {
            return new ReadBack(offset, Value: 0, IsIntact: false);
        }

        (_, long counter) = Number(value);
        bool isIntact = counter >= 0 && value[FillAt..].SequenceEqual(Fill(counter));
        return new ReadBack(offset, BinaryPrimitives.ReadInt64LittleEndian(value[NumberAt..]), isIntact);
    }

    private ReadOnlySpan<byte> Fill(long counter) => _block.AsSpan((int)((uint)counter % _fillsPerBlock) * _fillBytes, _fillBytes);

    private static void WriteOrders(Span<byte> block, Random random)
    {
        string[] states = ["placed", "paid", "packed", "shipped", "returned"];
        while (!block.IsEmpty)
        {
            byte[] order = Encoding.ASCII.GetBytes(
                $"{{\"order\":{random.Next(10_000_000)},\"customer\":\"c{random.Next(100_000)}\",\"state\":\"{states[random.Next(states.Length)]}\","
                + $"\"items\":[{{\"sku\":\"{random.Next(5_000):D6}\",\"count\":{random.Next(1, 9)},\"cents\":{random.Next(99, 99_999)}}}]}}\n");
            int fits = Math.Min(order.Length, block.Length);
            order.AsSpan(0, fits).CopyTo(block);
            block = block[fits..];
        }
    }
}
