namespace Broker.Records;

/// <summary>One record in place. The positions are byte positions in <see cref="BatchReader.Records"/>.</summary>
/// <remarks>Lives as long as the batch (or, if it was compressed, the scratch) that it points into.</remarks>
public readonly ref struct RecordView
{
    private readonly ReadOnlySpan<byte> _records;

    internal RecordView(ReadOnlySpan<byte> records) => _records = records;

    public long Offset { get; internal init; }

    public long TimestampMs { get; internal init; }

    /// <summary>The record as encoded, its length field included.</summary>
    public int SizeBytes { get; internal init; }

    public int KeyAt { get; internal init; }

    /// <summary>−1 for a null key.</summary>
    public int KeyLength { get; internal init; }

    public int ValueAt { get; internal init; }

    /// <summary>−1 for a null value.</summary>
    public int ValueLength { get; internal init; }

    public int HeaderCount { get; internal init; }

    /// <summary>Position of the first header, behind the count.</summary>
    public int HeadersAt { get; internal init; }

    public OptionalBytes Key => KeyLength < 0 ? OptionalBytes.Null : _records.Slice(KeyAt, KeyLength);

    public OptionalBytes Value => ValueLength < 0 ? OptionalBytes.Null : _records.Slice(ValueAt, ValueLength);

    public HeaderReader Headers => new(_records, HeadersAt, HeaderCount);
}
