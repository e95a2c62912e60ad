using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>
/// One file of a partition's log. Written by the journal's thread alone, with positioned writes; read by any thread that
/// holds a lease, through a read-only map. The file is given back only when the last lease is gone.
/// </summary>
internal sealed class Segment
{
    /// <summary>How far behind an indexed position a wanted batch may begin, at most about this.</summary>
    public const int IndexSlackBytes = 64 << 10;

    private readonly SegmentFiles _files;
    private readonly uint _seed;
    private readonly uint _indexSeed;
    private readonly int _indexIntervalBytes;
    private readonly Lock _indexGate = new();
    private readonly SegmentFile _file;
    private SegmentIndex? _index;
    private DamagedRange[] _damages = [];
    private int _indexedTo;
    private int _indexSavedTo;
    private int _indexSavedCount;
    private long _indexFileEnd;
    private int _endPosition;
    private int _syncedTo;
    private long _nextOffset;
    private long _maxTimestamp;
    private long _lastAppend;

    public Segment(SegmentFiles files, string directory, uint seed, SegmentState state, int indexIntervalBytes)
    {
        _files = files;
        _seed = seed;
        _indexSeed = Crc32C.Append(seed, BitConverter.GetBytes(state.BaseOffset));
        _indexIntervalBytes = indexIntervalBytes;
        BaseOffset = state.BaseOffset;
        CapacityBytes = state.CapacityBytes;
        _file = new SegmentFile(files, SegmentFiles.LogPath(directory, BaseOffset), CapacityBytes, state.EndPosition);
        IndexPath = SegmentFiles.IndexPath(directory, BaseOffset);
        _endPosition = state.EndPosition;
        _syncedTo = state.EndPosition;
        _nextOffset = state.NextOffset;
        _maxTimestamp = state.MaxTimestampMs;
        FirstAppendMs = state.FirstAppendMs;
        _lastAppend = state.LastAppendMs;
        if (_endPosition == 0)
        {
            _index = new SegmentIndex();
        }
    }

    public long BaseOffset { get; }

    public int CapacityBytes { get; }

    public string LogPath => _file.Path;

    public string IndexPath { get; }

    /// <summary>Bytes written: what lies before is whole batches.</summary>
    public int EndPosition => Volatile.Read(ref _endPosition);

    public long NextOffset => Volatile.Read(ref _nextOffset);

    /// <summary>End and next offset of the same moment: read one after the other, there may be an append in between.</summary>
    public (int Position, long NextOffset) End
    {
        get
        {
            lock (_indexGate)
            {
                return (_endPosition, _nextOffset);
            }
        }
    }

    public long MaxTimestampMs => Volatile.Read(ref _maxTimestamp);

    public long FirstAppendMs { get; private set; }

    public long LastAppendMs => Volatile.Read(ref _lastAppend);

    /// <summary>Nothing more is written to it: its file is not whole, or refuses writes. What follows goes to a new segment.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>What of it is known to be damaged, in order.</summary>
    public IReadOnlyList<DamagedRange> Damages => Volatile.Read(ref _damages);

    /// <summary>Written since the last checkpoint.</summary>
    public bool IsDirty { get; private set; }

    public SegmentState State => new(BaseOffset, CapacityBytes, EndPosition, NextOffset, MaxTimestampMs, FirstAppendMs, LastAppendMs);

    /// <summary>Writes one stored batch in its place. Writing the same again changes nothing.</summary>
    /// <exception cref="DiskException">The file does not take it; nothing of it counts.</exception>
    public void Write(int position, ReadOnlySpan<byte> storedBatch)
    {
        Invariant.Check(position == EndPosition && !IsGivenUp);
        Invariant.Check(position + storedBatch.Length <= CapacityBytes);
        var view = new StoredBatchView(storedBatch);
        Invariant.Check(view.BaseOffset == NextOffset);
        WriteBytes(position, storedBatch);
        if (position == 0)
        {
            FirstAppendMs = view.AppendTimeMs;
        }

        Volatile.Write(ref _maxTimestamp, Math.Max(_maxTimestamp, view.MaxTimestamp));
        Volatile.Write(ref _lastAppend, view.AppendTimeMs);

        // Under the lock, because a reader may be completing the index up to the end.
        lock (_indexGate)
        {
            if (_index is { } index && _indexedTo == position)
            {
                index.Note((uint)(view.BaseOffset - BaseOffset), position, view.MaxTimestamp, _indexIntervalBytes);
                _indexedTo = position + storedBatch.Length;
            }

            Volatile.Write(ref _endPosition, position + storedBatch.Length);
            Volatile.Write(ref _nextOffset, view.NextOffset);
        }
    }

    /// <summary>Writes nothing to it any more.</summary>
    public void GiveUp() => IsGivenUp = true;

    /// <summary>Remembers damage, so that it is stepped over.</summary>
    /// <returns>False when it was known.</returns>
    public bool AddDamage(DamagedRange range)
    {
        lock (_indexGate)
        {
            if (_damages.Any(d => d.HoldsPosition(range.FromPosition)))
            {
                return false;
            }

            Volatile.Write(ref _damages, [.. _damages.Append(range).OrderBy(d => d.FromPosition)]);

            // The index ends where damage was met.
            if (_index is { } index)
            {
                IndexRestLocked(index, EndPosition);
            }

            return true;
        }
    }

    /// <summary>Forgets damage that was mended.</summary>
    public void RemoveDamage(long fromOffset)
    {
        lock (_indexGate)
        {
            Volatile.Write(ref _damages, [.. _damages.Where(d => d.FromOffset != fromOffset)]);
        }
    }

    /// <summary>The known damage that holds an offset, or null.</summary>
    public DamagedRange? DamageAt(long offset)
    {
        foreach (DamagedRange range in Volatile.Read(ref _damages))
        {
            if (range.Holds(offset))
            {
                return range;
            }
        }

        return null;
    }

    /// <summary>The last place at or before a byte at which a batch is known to begin, with that batch's offset.</summary>
    public (int Position, long Offset) StartBefore(int position)
    {
        (int Position, long Offset) start = (0, BaseOffset);
        foreach (IndexEntry entry in Index().Entries(0))
        {
            if (entry.Position > position)
            {
                break;
            }

            start = (entry.Position, BaseOffset + entry.RelativeOffset);
        }

        foreach (DamagedRange range in Damages.Where(d => d.ToPosition <= position && d.ToPosition > start.Position))
        {
            start = (range.ToPosition, range.NextOffset);
        }

        return start;
    }

    /// <summary>A place at or before an offset, behind all damage before it, where a batch begins, with that batch's offset.</summary>
    public (int Position, long Offset) StartFor(long offset)
    {
        IndexEntry entry = Index().AtOrBefore((uint)(offset - BaseOffset));
        (int position, long at) = (entry.Position, BaseOffset + entry.RelativeOffset);
        foreach (DamagedRange range in Volatile.Read(ref _damages))
        {
            if (range.NextOffset <= offset && range.ToPosition > position)
            {
                (position, at) = (range.ToPosition, range.NextOffset);
            }
        }

        return (position, at);
    }

    /// <summary>
    /// Called on the journal's thread when a checkpoint begins, which is to sync what was written so far. What is written later
    /// is dirty again.
    /// </summary>
    public void BeginSync()
    {
        IsDirty = false;
        _file.BeginSync();
    }

    /// <summary>Makes what was written durable, for the checkpoint, unless the segment was freed: then it is not there after recovery.</summary>
    /// <param name="endPosition">How much was written when the checkpoint began.</param>
    /// <exception cref="DiskException">The sync failed; final.</exception>
    public void Sync(int endPosition) => UnlessFreed(() =>
    {
        _file.Sync();
        Volatile.Write(ref _syncedTo, endPosition);
    });

    /// <summary>Remembers that everything up to a position was made durable in another way.</summary>
    /// <exception cref="DiskException">A sync of it has failed: then it was not.</exception>
    public void NoteSynced(int endPosition)
    {
        _file.NoteSynced();
        Volatile.Write(ref _syncedTo, endPosition);
    }

    /// <summary>Bytes that are on the disk, as far as the last checkpoint knows.</summary>
    public int SyncedTo => Volatile.Read(ref _syncedTo);

    /// <summary>
    /// Appends what is new to the index file, unless the segment was freed. Not synced: a lost index is made again from the
    /// segment.
    /// </summary>
    public void SaveIndex(int upTo) => UnlessFreed(() =>
    {
        if (_index is { } index && _indexSavedTo < upTo && _indexedTo >= upTo)
        {
            AppendToIndexFile(index, upTo);
        }
    });

    /// <summary>The index, loaded and completed from the segment when it is not in memory.</summary>
    public SegmentIndex Index()
    {
        if (Volatile.Read(ref _index) is { } ready)
        {
            return ready;
        }

        lock (_indexGate)
        {
            if (_index is null)
            {
                LoadIndexLocked();
            }

            return _index!;
        }
    }

    /// <summary>A read-only view of the whole segment; made once.</summary>
    public FileMap Map() => _file.Map();

    /// <summary>The file, for whoever holds a lease.</summary>
    public IDiskFile File() => _file.Open();

    /// <summary>Another descriptor of the file, which its owner closes; for reading past the page cache.</summary>
    public IDiskFile OpenToRead() => _file.OpenToRead();

    /// <summary>Keeps map and file alive until <see cref="Release"/>; false when the segment was freed.</summary>
    public bool TryLease() => _file.TryLease();

    public void Release()
    {
        if (_file.Release())
        {
            _files.Disk.DeleteFile(IndexPath);
        }
    }

    /// <summary>Gives up the owner's hold; the files go when the last reader is done.</summary>
    public void Delete()
    {
        _file.DeleteWhenFree();
        Release();
    }

    private void UnlessFreed(Action work)
    {
        if (!TryLease())
        {
            return;
        }

        try
        {
            work();
        }
        finally
        {
            Release();
        }
    }

    private void WriteBytes(int position, ReadOnlySpan<byte> storedBatch)
    {
        IDiskFile file = _file.OpenForAppend(isNew: EndPosition == 0);
        _ = Index();
#if BROKER_MUTANTS
        if (Mutant.Is("recovery-skips-what-is-there"))
        {
            byte[] there = new byte[storedBatch.Length];
            if (file.Read(position, there) == there.Length && storedBatch.SequenceEqual(there))
            {
                return;
            }
        }
#endif
        file.Write(position, storedBatch);
        IsDirty = true;
        _file.StartWriteBack(file, position + storedBatch.Length);
    }

    private void AppendToIndexFile(SegmentIndex index, int upTo)
    {
        ReadOnlySpan<IndexEntry> entries = index.Entries(_indexSavedCount);
        int count = 0;
        while (count < entries.Length && entries[count].Position < upTo)
        {
            count++;
        }

        using IDiskFile file = _files.Disk.Open(IndexPath, FileOpening.ExistingOrNew);
        _indexFileEnd = IndexFile.AppendBlock(
            file, _indexFileEnd, _indexSeed, entries[..count], _indexSavedTo, upTo, MaxTimestampMs);
        _indexSavedTo = upTo;
        _indexSavedCount += count;
    }

    private void LoadIndexLocked()
    {
        int end = EndPosition;
        var index = new SegmentIndex(capacity: 256);
        if (_files.Disk.FileExists(IndexPath))
        {
            using IDiskFile file = _files.Disk.Open(IndexPath, FileOpening.ReadOnly);
            byte[] bytes = new byte[file.Length];
            int read = file.Read(0, bytes);
            (_indexSavedTo, _indexFileEnd) = IndexFile.Load(bytes.AsSpan(0, read), _indexSeed, end, index);
        }

        _indexSavedCount = index.Count;
        _indexedTo = _indexSavedTo;
        IndexRestLocked(index, end);
        Volatile.Write(ref _index, index);
    }

    /// <summary>
    /// Reads the batch headers behind what is indexed, and steps over known damage. Stops at damage that is not known yet:
    /// then reading there finds and reports it.
    /// </summary>
    private void IndexRestLocked(SegmentIndex index, int end)
    {
        Span<byte> header = stackalloc byte[StoredBatch.OverheadBytes];
        while (_indexedTo + StoredBatch.OverheadBytes <= end)
        {
            if (_damages.FirstOrDefault(d => d.HoldsPosition(_indexedTo)) is { } damage)
            {
                _indexedTo = damage.ToPosition;
                continue;
            }

            if (_file.Open().Read(_indexedTo, header) < header.Length)
            {
                return;
            }

            var view = new StoredBatchView(header);
            long size = view.SizeBytes;
            if (size < StoredBatch.OverheadBytes || _indexedTo + size > end || view.BaseOffset < BaseOffset
                || view.BaseOffset - BaseOffset > uint.MaxValue || view.PrefixCrc != StoredBatch.PrefixCrc(header, _seed))
            {
                return;
            }

            index.Note((uint)(view.BaseOffset - BaseOffset), _indexedTo, view.MaxTimestamp, _indexIntervalBytes);
            _indexedTo += (int)size;
        }
    }
}
