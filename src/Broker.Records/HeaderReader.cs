using System.Runtime.CompilerServices;

namespace Broker.Records;

/// <summary>Walks the headers of one record: <c>foreach (HeaderView header in record.Headers)</c>.</summary>
/// <remarks>The bytes were checked before a view of the record existed.</remarks>
public ref struct HeaderReader
{
    private readonly ReadOnlySpan<byte> _records;
    private int _position;
    private int _remainingCount;

    internal HeaderReader(ReadOnlySpan<byte> records, int position, int count)
    {
        _records = records;
        _position = position;
        _remainingCount = count;
    }

    public HeaderView Current { get; private set; }

    public readonly HeaderReader GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_remainingCount == 0)
        {
            return false;
        }

        bool valid = TryReadOne(_records, ref _position, _records.Length, out HeaderView header);
        Invariant.Check(valid);
        Current = header;
        _remainingCount--;
        return true;
    }

    /// <returns>Position behind the headers, or −1 when they are malformed or reach beyond the end.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static int Skip(ReadOnlySpan<byte> records, int position, int end, int count)
    {
        if (count < 0)
        {
            return -1;
        }

        // Each header takes two bytes or more, so a made-up count ends with the bytes.
        for (int index = 0; index < count; index++)
        {
            if (!TryReadOne(records, ref position, end, out _))
            {
                return -1;
            }
        }

        return position;
    }

    private static bool TryReadOne(ReadOnlySpan<byte> records, scoped ref int position, int end, out HeaderView header)
    {
        header = default;
        ReadOnlySpan<byte> bytes = records[..end];
        if (!Varint.TryRead(bytes, ref position, out int keyLength) || keyLength < 0 || keyLength > end - position)
        {
            return false;
        }

        ReadOnlySpan<byte> key = bytes.Slice(position, keyLength);
        position += keyLength;
        if (!Varint.TryRead(bytes, ref position, out int valueLength) || valueLength < -1 || valueLength > end - position)
        {
            return false;
        }

        OptionalBytes value = valueLength < 0 ? OptionalBytes.Null : bytes.Slice(position, valueLength);
        position += Math.Max(valueLength, 0);
        header = new HeaderView(key, value);
        return true;
    }
}
