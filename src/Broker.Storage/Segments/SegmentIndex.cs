namespace Broker.Storage.Segments;

/// <summary>
/// The sparse index of one segment, by offset and by time, in memory. One writer; readers see every entry that was added
/// before they asked.
/// </summary>
internal sealed class SegmentIndex
{
    private IndexEntry[] _entries;
    private int _count;
    private long _maxTimestamp = long.MinValue;
    private int _lastIndexedPosition = int.MinValue;

    public SegmentIndex(int capacity = 16) => _entries = new IndexEntry[capacity];

    public int Count => Volatile.Read(ref _count);

    /// <summary>Largest timestamp of the batches noted so far.</summary>
    public long MaxTimestampMs => _maxTimestamp;

    /// <summary>Notes a batch; every <paramref name="intervalBytes"/> it becomes an entry.</summary>
    public void Note(uint relativeOffset, int position, long batchMaxTimestampMs, int intervalBytes)
    {
        if (_count == 0 || position - _lastIndexedPosition >= intervalBytes)
        {
            Add(new IndexEntry(relativeOffset, position, _maxTimestamp));
        }

        _maxTimestamp = Math.Max(_maxTimestamp, batchMaxTimestampMs);
    }

    /// <summary>Takes over entries read from a file, with the largest timestamp before the place they reach to.</summary>
    public void Load(ReadOnlySpan<IndexEntry> entries, long maxTimestampMs)
    {
        foreach (IndexEntry entry in entries)
        {
            Add(entry);
        }

        _maxTimestamp = Math.Max(_maxTimestamp, maxTimestampMs);
    }

    public ReadOnlySpan<IndexEntry> Entries(int from) => Volatile.Read(ref _entries).AsSpan(from, Count - from);

    /// <returns>An indexed batch at or before the offset; the segment's first when there is none.</returns>
    public IndexEntry AtOrBefore(uint relativeOffset)
    {
        int count = Count;
        ReadOnlySpan<IndexEntry> entries = Volatile.Read(ref _entries).AsSpan(0, count);
        int low = 0, high = count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (entries[middle].RelativeOffset <= relativeOffset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high >= 0 ? entries[high] : default;
    }

    /// <returns>The last indexed batch before which every timestamp is earlier; the segment's first when there is none.</returns>
    public IndexEntry BeforeTimestamp(long timestampMs)
    {
        int count = Count;
        ReadOnlySpan<IndexEntry> entries = Volatile.Read(ref _entries).AsSpan(0, count);
        int low = 0, high = count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (entries[middle].MaxTimestampBeforeMs < timestampMs)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high >= 0 ? entries[high] : default;
    }

    private void Add(IndexEntry entry)
    {
        if (_count == _entries.Length)
        {
            var larger = new IndexEntry[_entries.Length * 2];
            _entries.AsSpan(0, _count).CopyTo(larger);
            Volatile.Write(ref _entries, larger);
        }

        _entries[_count] = entry;
        _lastIndexedPosition = entry.Position;
        Volatile.Write(ref _count, _count + 1);
    }
}
