using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Records;

/// <summary>Walks the records of one batch as views; allocates nothing per record and never reads beyond the records section.</summary>
internal ref struct BatchReader
{
    /// <summary>Length, attributes, timestamp delta, offset delta, key length, value length, header count: a byte each.</summary>
    private const int RecordSizeBytesMin = 7;

    private readonly ReadOnlySpan<byte> _records;
    private readonly long _baseOffset;
    private readonly long _baseTimestamp;
    private readonly long _maxTimestamp;
    private readonly int _recordCount;
    private readonly bool _isLogAppendTime;
    private int _position;
    private int _index;

    private BatchReader(StoredBatchView batch, ReadOnlySpan<byte> records)
    {
        _records = records;
        _baseOffset = batch.BaseOffset;
        _baseTimestamp = batch.BaseTimestamp;
        _maxTimestamp = batch.MaxTimestamp;
        _recordCount = batch.RecordCount;
        _isLogAppendTime = batch.IsLogAppendTime;
    }

    /// <summary>Why <see cref="TryRead"/> stopped: <see cref="BatchError.None"/> at the regular end.</summary>
    public BatchError Error { get; private set; }

    public readonly int RecordCount => _recordCount;

    /// <summary>The uncompressed records section, to which the positions in <see cref="RecordView"/> refer.</summary>
    public readonly ReadOnlySpan<byte> Records => _records;

    /// <param name="stored">Exactly one stored batch that passed <see cref="StoredBatch.Validate"/>; the views point into it.</param>
    /// <param name="scratch">Takes the records of a compressed batch, and then has to stay untouched while they are read.</param>
    public static BatchError TryOpen(ReadOnlySpan<byte> stored, DecompressionBuffer scratch, out BatchReader reader)
    {
        reader = default;
        if (stored.Length < StoredBatch.OverheadBytes)
        {
            return BatchError.TooShort;
        }

        var batch = new StoredBatchView(stored);
        if (batch.SizeBytes != stored.Length)
        {
            return BatchError.LengthMismatch;
        }

        ReadOnlySpan<byte> records = batch.RecordsBytes;
        if (batch.Codec != Codec.None)
        {
            BatchError error = scratch.Decompress(batch.Codec, records);
            if (error != BatchError.None)
            {
                return error;
            }

            records = scratch.Content.Span;
        }

        if (batch.RecordCount < 1 || batch.RecordCount > records.Length / RecordSizeBytesMin)
        {
            return BatchError.BadRecordCount;
        }

        reader = new BatchReader(batch, records);
        return BatchError.None;
    }

    /// <returns>False behind the last record and on malformed bytes; <see cref="Error"/> tells which.</returns>
    public bool TryRead(out RecordView record)
    {
        Unsafe.SkipInit(out record);
        if (_index >= _recordCount)
        {
            return End(out record);
        }

        ref byte start = ref MemoryMarshal.GetReference(_records);
        int position = _position;
        if (!Varint.TryRead(ref start, ref position, _records.Length, out int bodyBytes)
            || (uint)bodyBytes > (uint)(_records.Length - position)
            || bodyBytes == 0)
        {
            return Malformed(out record);
        }

        int end = position + bodyBytes;
        position++; // The record's attributes: Kafka defines none.
        if (!Varint.TryRead(ref start, ref position, end, out long timestampDelta)
            || !Varint.TryRead(ref start, ref position, end, out int offsetDelta)
            || offsetDelta != _index
            || !Varint.TryRead(ref start, ref position, end, out int keyLength))
        {
            return Malformed(out record);
        }

        int keyAt = position;
        if (!TrySkip(keyLength, ref position, end)
            || !Varint.TryRead(ref start, ref position, end, out int valueLength))
        {
            return Malformed(out record);
        }

        int valueAt = position;
        if (!TrySkip(valueLength, ref position, end)
            || !Varint.TryRead(ref start, ref position, end, out int headerCount))
        {
            return Malformed(out record);
        }

        int headersAt = position;
        if (headerCount != 0)
        {
            position = HeaderReader.Skip(_records, position, end, headerCount);
        }

        if (position != end)
        {
            return Malformed(out record);
        }

        record = new RecordView(
            _records,
            offset: _baseOffset + _index,
            timestampMs: _isLogAppendTime ? _maxTimestamp : unchecked(_baseTimestamp + timestampDelta),
            sizeBytes: end - _position,
            keyAt,
            keyLength,
            valueAt,
            valueLength,
            headersAt,
            headerCount);
        _position = end;
        _index++;
        return true;
    }

    /// <summary>Moves behind a key or value; −1 means null and takes no bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TrySkip(int length, ref int position, int end)
    {
        if (length > end - position || length < -1)
        {
            return false;
        }

        position += Math.Max(length, 0);
        return true;
    }

    private bool End(out RecordView record)
    {
        record = default;
        if (Error == BatchError.None && _position != _records.Length)
        {
            Error = BatchError.BadRecord;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Malformed(out RecordView record)
    {
        record = default;
        Error = BatchError.BadRecord;
        _index = int.MaxValue;
        return false;
    }
}
