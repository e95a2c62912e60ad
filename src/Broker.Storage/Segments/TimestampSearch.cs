using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>Finds the first record at or after a time in one leased segment. Steps over damage that is known.</summary>
/// <param name="start">Records before this offset do not count.</param>
/// <param name="end">Nor do those at or behind this one.</param>
internal readonly ref struct TimestampSearch(Segment segment, uint seed, long start, long end, DecompressionBuffer scratch)
{
    /// <returns>Its offset, or −1.</returns>
    /// <exception cref="DamagedBatchException">A batch on the way is damaged, and that is not known yet.</exception>
    public long Find(long timestampMs)
    {
        long offset = segment.BaseOffset;
        try
        {
            IndexEntry entry = segment.Index().BeforeTimestamp(timestampMs);
            int position = entry.Position;
            offset += entry.RelativeOffset;
            int segmentEnd = segment.EndPosition;
            while (position < segmentEnd && offset < end)
            {
                if (segment.DamageAt(offset) is { } damage)
                {
                    (position, offset) = (damage.ToPosition, damage.NextOffset);
                    continue;
                }

                (int size, long next, long found) = LookAt(position, offset, segmentEnd, timestampMs);
                if (found >= 0)
                {
                    return found;
                }

                position += size;
                offset = next;
            }

            return -1;
        }
        catch (DiskException e) when (!e.MayPass)
        {
            throw new DamagedBatchException(segment.LogPath, offset);
        }
    }

    private (int Size, long NextOffset, long Found) LookAt(int position, long offset, int segmentEnd, long timestampMs)
    {
        IDiskFile file = segment.File();
        Span<byte> header = stackalloc byte[StoredBatch.OverheadBytes];
        int size = file.Read(position, header) == header.Length ? new StoredBatchView(header).SizeBytes : 0;
        if (size < StoredBatch.OverheadBytes || size > segmentEnd - position)
        {
            throw new DamagedBatchException(segment.LogPath, offset);
        }

        PooledBuffer buffer = PooledBuffer.Rent(size);
        try
        {
            Span<byte> bytes = buffer.Span[..size];
            int read = file.Read(position, bytes);
            var view = new StoredBatchView(bytes);
            if (read < size || StoredBatch.Validate(bytes, seed, int.MaxValue) != BatchError.None || view.BaseOffset != offset)
            {
                throw new DamagedBatchException(segment.LogPath, offset);
            }

            bool isPossible = view.MaxTimestamp >= timestampMs && view.NextOffset > start;
            return (size, view.NextOffset, isPossible ? FindInBatch(bytes, timestampMs) : -1);
        }
        finally
        {
            buffer.Release();
        }
    }

    private long FindInBatch(ReadOnlySpan<byte> bytes, long timestampMs)
    {
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
}
