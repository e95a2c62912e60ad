namespace Broker.Records;

/// <summary>One record in place, in the bytes of its batch.</summary>
/// <remarks>Lives as long as the batch that it points into. The positions are byte positions among the batch's records, decompressed.</remarks>
public readonly ref struct RecordView
{
    private readonly ReadOnlySpan<byte> _records;

    internal RecordView(
        ReadOnlySpan<byte> records,
        long offset,
        long timestampMs,
        int sizeBytes,
        int keyAt,
        int keyLength,
        int valueAt,
        int valueLength,
        int headersAt,
        int headerCount)
    {
        _records = records;
        Offset = offset;
        TimestampMs = timestampMs;
        SizeBytes = sizeBytes;
        KeyAt = keyAt;
        KeyLength = keyLength;
        ValueAt = valueAt;
        ValueLength = valueLength;
        HeadersAt = headersAt;
        HeaderCount = headerCount;
    }

    public long Offset { get; }

    public long TimestampMs { get; }

    /// <summary>The record as encoded, its length field included.</summary>
    public int SizeBytes { get; }

    internal int KeyAt { get; }

    /// <summary>−1 for a null key.</summary>
    internal int KeyLength { get; }

    internal int ValueAt { get; }

    /// <summary>−1 for a null value.</summary>
    internal int ValueLength { get; }

    public int HeaderCount { get; }

    /// <summary>Position of the first header, behind the count.</summary>
    internal int HeadersAt { get; }

    public OptionalBytes Key => KeyLength < 0 ? OptionalBytes.Null : _records.Slice(KeyAt, KeyLength);

    public OptionalBytes Value => ValueLength < 0 ? OptionalBytes.Null : _records.Slice(ValueAt, ValueLength);

    public HeaderReader Headers => new(_records, HeadersAt, HeaderCount);
}
