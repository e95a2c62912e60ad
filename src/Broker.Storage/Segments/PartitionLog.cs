using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>
/// The log of one partition: its segments in order. The journal's thread writes and publishes; any thread reads what was
/// published, without locks, from an immutable row of segments.
/// </summary>
internal sealed class PartitionLog
{
    // The newest bytes of the active segment were just written: they are in memory without asking.
    private const int SurelyResidentBytes = 16 << 20;

    // A cold read goes through a buffer; the system reads ahead, so a larger one gains nothing.
    private const int ColdReadBytes = 512 << 10;

    private readonly SegmentFiles _files;
    private Segment[] _segments;
    private long _logStartOffset;
    private long _highWatermark;
    private long _nextOffset;

    public PartitionLog(SegmentFiles files, string topicDirectory, int partition, uint seed)
    {
        _files = files;
        Directory = files.PartitionDirectory(topicDirectory, partition);
        Seed = seed;
        _segments = [];
    }

    public string Directory { get; }

    /// <summary>What the prefix checksums of this partition's batches start from.</summary>
    public uint Seed { get; }

    public int IndexIntervalBytes { get; set; } = 4096;

    public long LogStartOffset => Volatile.Read(ref _logStartOffset);

    /// <summary>The offset after the last readable record.</summary>
    public long HighWatermark => Volatile.Read(ref _highWatermark);

    /// <summary>The offset after the last written record; the journal's thread alone may read beyond the watermark.</summary>
    public long NextOffset => _nextOffset;

    public IReadOnlyList<Segment> Segments => Volatile.Read(ref _segments);

    public long SizeBytes
    {
        get
        {
            long bytes = 0;
            foreach (Segment segment in Volatile.Read(ref _segments))
            {
                bytes += segment.EndPosition;
            }

            return bytes;
        }
    }

    /// <summary>All damage that is known, in order.</summary>
    public IEnumerable<DamagedRange> Damages => Segments.SelectMany(s => s.Damages);

    /// <summary>Takes up what a checkpoint kept.</summary>
    public void Restore(long logStartOffset, long nextOffset, IEnumerable<SegmentState> segments)
    {
        _segments = [.. segments.Select(s => new Segment(_files, Directory, Seed, s, IndexIntervalBytes))];
        _logStartOffset = logStartOffset;
        _nextOffset = nextOffset;
        _highWatermark = nextOffset;
    }

    /// <summary>Remembers damage, unless its segment is gone.</summary>
    /// <returns>False when it was known, or is gone.</returns>
    public bool AddDamage(DamagedRange range) =>
        Segments.FirstOrDefault(s => s.BaseOffset == range.SegmentBaseOffset)?.AddDamage(range) ?? false;

    /// <summary>Forgets the damage that begins at an offset: it was mended.</summary>
    public void RemoveDamage(long fromOffset)
    {
        foreach (Segment segment in Segments)
        {
            segment.RemoveDamage(fromOffset);
        }
    }

    /// <summary>
    /// Writes a batch where the sequencer decided; behind a segment that was given up, in the one that takes its place. Not
    /// readable before <see cref="Publish"/>.
    /// </summary>
    /// <exception cref="DiskException">There is no room, or no file takes the batch.</exception>
    public void Write(long segmentBaseOffset, int position, int capacityBytes, ReadOnlySpan<byte> storedBatch)
    {
        Segment segment = SegmentForWrite(segmentBaseOffset, ref position, capacityBytes, _nextOffset);
        try
        {
            segment.Write(position, storedBatch);
        }
        catch (DiskException e) when (!e.MayPass && position > 0)
        {
            // What is in it is safe. What follows tries another file; when that does not take it either, the disk is at an end.
            segment.GiveUp();
            segment = SegmentForWrite(segmentBaseOffset, ref position, capacityBytes, _nextOffset);
            segment.Write(position, storedBatch);
        }

        _nextOffset = segment.NextOffset;
        _files.Metrics.Applied(storedBatch.Length);
    }

    /// <summary>Makes everything written readable.</summary>
    public void Publish() => Volatile.Write(ref _highWatermark, _nextOffset);

    /// <summary>Drops the records before an offset, and the segments that hold no others.</summary>
    /// <param name="keepsLast">Records that are still to be written may belong into the last segment.</param>
    /// <returns>The segments that were dropped.</returns>
    public IReadOnlyList<Segment> AdvanceLogStart(long offset, bool keepsLast)
    {
        if (offset < _logStartOffset)
        {
            return [];
        }

        Volatile.Write(ref _logStartOffset, offset);
        Segment[] old = _segments;
        Segment[] dropped = [.. old.Where((s, at) => s.NextOffset <= offset && !(keepsLast && at == old.Length - 1))];
        Volatile.Write(ref _segments, [.. old.Except(dropped)]);
        foreach (Segment segment in dropped)
        {
            segment.Delete();
        }

        return dropped;
    }

    /// <summary>Gives up every segment's file.</summary>
    public void DeleteAll()
    {
        Segment[] old = _segments;
        Volatile.Write(ref _segments, []);
        foreach (Segment segment in old)
        {
            segment.Delete();
        }
    }

    /// <summary>Closes maps and files when the last reader is done.</summary>
    public void Close()
    {
        Segment[] old = _segments;
        Volatile.Write(ref _segments, []);
        foreach (Segment segment in old)
        {
            segment.Release();
        }
    }

    /// <summary>
    /// Reads whole batches from the one that holds the offset on, at least one, beyond that at most
    /// <paramref name="maxBytes"/>, all in one segment, each with its checksums verified.
    /// </summary>
    public LogReadStatus Read(long offset, int maxBytes, out LogSlice slice)
    {
        slice = default;
        long end = HighWatermark;
        while (true)
        {
            if (offset < LogStartOffset || offset > end)
            {
                return LogReadStatus.OffsetOutOfRange;
            }

            if (offset == end)
            {
                return LogReadStatus.Ok;
            }

            Segment[] segments = Volatile.Read(ref _segments);
            int at = IndexOfSegment(segments, offset);
            if (at < 0)
            {
                // Freed between the two reads: the log start has moved.
                if (offset < LogStartOffset)
                {
                    continue;
                }

                return LogReadStatus.Corrupt;
            }

            if (segments[at].TryLease())
            {
                return ReadLeased(segments[at], isActive: at == segments.Length - 1, offset, end, maxBytes, out slice);
            }
        }
    }

    /// <summary>The first readable offset whose record's timestamp is at or after the time; the high watermark if there is none.</summary>
    /// <exception cref="DamagedBatchException">Damage on the way there that is not known yet.</exception>
    public long OffsetForTimestamp(long timestampMs, DecompressionBuffer scratch)
    {
        long end = HighWatermark;
        long start = LogStartOffset;
        foreach (Segment segment in Volatile.Read(ref _segments))
        {
            if (segment.MaxTimestampMs < timestampMs || segment.NextOffset <= start || !segment.TryLease())
            {
                continue;
            }

            try
            {
                long found = new TimestampSearch(segment, Seed, start, end, scratch).Find(timestampMs);
                if (found >= 0)
                {
                    return found;
                }
            }
            finally
            {
                segment.Release();
            }
        }

        return end;
    }

    /// <summary>The damage that keeps an offset from being read, found by looking at every byte up to it.</summary>
    /// <returns>Null when the offset is intact after all, or gone.</returns>
    public DamagedRange? FindDamage(long offset)
    {
        Segment[] segments = Volatile.Read(ref _segments);
        int at = IndexOfSegment(segments, offset);
        if (at < 0 || !segments[at].TryLease())
        {
            return null;
        }

        try
        {
            return segments[at].DamageAt(offset) ?? FindDamage(segments[at], s => s.StartFor(offset), offset);
        }
        finally
        {
            segments[at].Release();
        }
    }

    /// <summary>The first damage of a segment at or behind a byte, found by looking at every byte from there on.</summary>
    /// <param name="segment">Leased.</param>
    /// <returns>Null when all of it is intact.</returns>
    public DamagedRange? FindDamage(Segment segment, int fromPosition) =>
        FindDamage(segment, s => s.StartBefore(fromPosition), long.MaxValue);

    private static int IndexOfSegment(Segment[] segments, long offset)
    {
        int low = 0, high = segments.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (segments[middle].BaseOffset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high >= 0 && offset < segments[high].NextOffset ? high : -1;
    }

    private LogReadStatus ReadLeased(Segment segment, bool isActive, long offset, long end, int maxBytes, out LogSlice slice)
    {
        slice = default;
        bool handedOver = false;
        try
        {
            if (segment.DamageAt(offset) is not null)
            {
                return CountIfCorrupt(LogReadStatus.Corrupt, offset);
            }

            int segmentEnd = segment.EndPosition;
            (int position, _) = segment.StartFor(offset);
            bool hot = isActive && segmentEnd - position <= SurelyResidentBytes;
            FileMap? map = TryMap(segment);
            int window = (int)Math.Min((long)maxBytes + Segment.IndexSlackBytes, segmentEnd - position);
            if (map is not null && (hot || map.IsResident(position, window)))
            {
                LogReadStatus status = BatchWalk.Select(
                    map.GetSpan()[position..segmentEnd], Seed, offset, end, maxBytes, out BatchSelection found);
                if (status == LogReadStatus.Ok)
                {
                    slice = new LogSlice(map.Memory.Slice(position + found.Start, found.Length), segment, found.NextOffset);
                    handedOver = true;
                }

                return CountIfCorrupt(status, offset);
            }

            _files.Metrics.ColdRead();
            return CountIfCorrupt(ReadCold(segment, position, segmentEnd, offset, end, maxBytes, out slice), offset);
        }
        catch (DiskException e) when (!e.MayPass)
        {
            return CountIfCorrupt(LogReadStatus.Corrupt, offset);
        }
        finally
        {
            if (!handedOver)
            {
                segment.Release();
            }
        }
    }

    /// <summary>Whether what was found damaged is intact now: somebody has put the file back.</summary>
    public bool IsMended(DamagedRange range)
    {
        if (Segments.FirstOrDefault(s => s.BaseOffset == range.SegmentBaseOffset) is not { } segment || !segment.TryLease())
        {
            return false;
        }

        try
        {
            using var search = new DamageSearch(range.SegmentBaseOffset, TryOpen(segment), Seed, range.ToPosition, range.NextOffset);
            return search.Find(range.FromPosition, range.FromOffset, long.MaxValue) is null;
        }
        finally
        {
            segment.Release();
        }
    }

    /// <summary>Looks at every byte and reports all damage that is not known yet.</summary>
    /// <param name="report">Has the damage remembered.</param>
    public void FindAllDamage(Action<DamagedRange> report)
    {
        foreach (Segment segment in Segments)
        {
            int position = 0;
            while (segment.TryLease())
            {
                try
                {
                    if (FindDamage(segment, position) is not { } range || range.ToPosition <= position)
                    {
                        break;
                    }

                    report(range);
                    position = range.ToPosition;
                }
                finally
                {
                    segment.Release();
                }
            }
        }
    }

    private DamagedRange? FindDamage(Segment segment, Func<Segment, (int Position, long Offset)> startOf, long lastOffset)
    {
        (int Position, long Offset) start;
        try
        {
            start = startOf(segment);
        }
        catch (DiskException e) when (!e.MayPass)
        {
            // Without an index it costs a walk from the segment's beginning.
            start = (0, segment.BaseOffset);
        }

        // After the start, which may lie behind an end that was asked for before it.
        (int end, long nextOffset) = segment.End;
        using var search = new DamageSearch(segment.BaseOffset, TryOpen(segment), Seed, end, nextOffset);
        return search.Find(start.Position, start.Offset, lastOffset);
    }

    private static IDiskFile? TryOpen(Segment segment)
    {
        try
        {
            return segment.File();
        }
        catch (DiskException e) when (!e.MayPass)
        {
            return null;
        }
    }

    /// <returns>Null when the process has as many maps as it may have: then a buffer does.</returns>
    private static FileMap? TryMap(Segment segment)
    {
        try
        {
            return segment.Map();
        }
        catch (DiskException e) when (e.MayPass && e.Operation == "mmap")
        {
            return null;
        }
    }

    private LogReadStatus ReadCold(
        Segment segment, int position, int segmentEnd, long offset, long end, int maxBytes, out LogSlice slice)
    {
        slice = default;
        int window = (int)Math.Min(Math.Min((long)maxBytes + Segment.IndexSlackBytes, ColdReadBytes), segmentEnd - position);
        while (true)
        {
            IDiskFile file = segment.File();
            PooledBuffer buffer = PooledBuffer.Rent(window);
            int read;
            try
            {
                read = file.Read(position, buffer.Span[..window]);
            }
            catch
            {
                buffer.Release();
                throw;
            }

            LogReadStatus status = BatchWalk.Select(buffer.Span[..read], Seed, offset, end, maxBytes, out BatchSelection found);
            if (status == LogReadStatus.Ok)
            {
                slice = new LogSlice(buffer.Memory.Slice(found.Start, found.Length), buffer, found.NextOffset);
                return status;
            }

            buffer.Release();
            if (read < window || found.NeedBytes <= window || position + (long)found.NeedBytes > segmentEnd)
            {
                return status;
            }

            // The wanted batch is larger than what was read: read all of it.
            window = found.NeedBytes;
        }
    }

    /// <summary>Counts what was not known before: an alert on it ends when the damage was seen to.</summary>
    private LogReadStatus CountIfCorrupt(LogReadStatus status, long offset)
    {
        if (status == LogReadStatus.Corrupt && !Damages.Any(d => offset >= d.FromOffset && offset < d.NextOffset))
        {
            _files.Metrics.CorruptBatch();
        }

        return status;
    }

    /// <param name="position">Where it goes in the segment that was decided; where in the one returned.</param>
    private Segment SegmentForWrite(long segmentBaseOffset, ref int position, int capacityBytes, long batchOffset)
    {
        Segment[] segments = _segments;
        if (segments.Length > 0 && segments[^1] is var last && segmentBaseOffset <= last.BaseOffset)
        {
            if (segmentBaseOffset == last.BaseOffset && !last.IsGivenUp)
            {
                return last;
            }

            // Decided for a segment that was given up: it continues the last one, or begins a new one.
            if (!last.IsGivenUp)
            {
                position = last.EndPosition;
                return last;
            }

            segmentBaseOffset = batchOffset;
            position = 0;
        }

        Invariant.Check(position == 0);
        Invariant.Check(segments.Length == 0 || segments[^1].NextOffset <= segmentBaseOffset);
        var segment = new Segment(
            _files, Directory, Seed, SegmentState.Empty(segmentBaseOffset, capacityBytes), IndexIntervalBytes);
        Volatile.Write(ref _segments, [.. segments, segment]);
        _files.Metrics.Rolled();
        return segment;
    }
}
