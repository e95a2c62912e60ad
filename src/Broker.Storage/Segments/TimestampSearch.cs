using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>Finds the first record at or after a time in one leased segment.</summary>
/// <param name="start">Records before this offset do not count.</param>
/// <param name="end">Nor do those at or behind this one.</param>
internal readonly ref struct TimestampSearch(Segment segment, uint seed, long start, long end, DecompressionBuffer scratch)
{
    /// <returns>Its offset, or −1.</returns>
    /// <exception cref="CorruptLogException">A batch on the way is damaged.</exception>
    public long Find(long timestampMs)
    {
        int position = segment.Index().PositionBeforeTimestamp(timestampMs);
        int segmentEnd = segment.EndPosition;
        IDiskFile file = segment.File();
        Span<byte> header = stackalloc byte[StoredBatch.OverheadBytes];
        while (position + StoredBatch.OverheadBytes <= segmentEnd)
        {
            int read = file.Read(position, header);
            var view = new StoredBatchView(header);
            int size = view.SizeBytes;
            if (read < header.Length || size < StoredBatch.OverheadBytes || position + (long)size > segmentEnd)
            {
                throw new CorruptLogException(segment.LogPath, position, "a batch", $"{size} bytes before the segment's end at {segmentEnd}");
            }

            if (view.BaseOffset >= end)
            {
                break;
            }

            if (view.MaxTimestamp >= timestampMs && view.NextOffset > start)
            {
                long found = FindInBatch(file, position, size, timestampMs);
                if (found >= 0)
                {
                    return found;
                }
            }

            position += size;
        }

        return -1;
    }

    private long FindInBatch(IDiskFile file, int position, int size, long timestampMs)
    {
        PooledBuffer buffer = PooledBuffer.Rent(size);
        try
        {
            Span<byte> bytes = buffer.Span[..size];
            int read = file.Read(position, bytes);
            BatchError error = read < size ? BatchError.TooShort : StoredBatch.Validate(bytes, seed, int.MaxValue);
            if (error != BatchError.None)
            {
                throw new CorruptLogException(segment.LogPath, position, "an intact batch", error.ToString());
            }

            // What cannot be decoded has no time; a reader meets it by its offset.
            if (BatchReader.TryOpen(bytes, scratch, out BatchReader reader) != BatchError.None)
            {
                return -1;
            }

            while (reader.TryRead(out RecordView record))
            {
                if (record.TimestampMs >= timestampMs && record.Offset >= start && record.Offset < end)
                {
                    return record.Offset;
                }
            }

            return -1;
        }
        finally
        {
            buffer.Release();
        }
    }
}
