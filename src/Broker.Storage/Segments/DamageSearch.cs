using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>
/// Walks one segment batch by batch, checking every byte, and finds where damage ends: at the next place that holds an
/// intact batch of this partition with a later offset. What the device cannot read counts as zeros.
/// </summary>
internal sealed class DamageSearch : IDisposable
{
    private const int WindowBytes = 1 << 20;
    private const int SectorBytes = 4096;

    private readonly long _segmentBaseOffset;
    private readonly IDiskFile? _file;
    private readonly uint _seed;
    private readonly int _end;
    private readonly long _fileEnd;
    private readonly long _nextOffset;
    private PooledBuffer _window = PooledBuffer.Rent(WindowBytes);
    private int _windowFrom;
    private int _windowLength;

    /// <param name="file">The segment's file; null when it cannot be opened, which damages all of it.</param>
    /// <param name="end">Byte in the segment up to which it is looked at.</param>
    /// <param name="nextOffset">The offset after the last record before <paramref name="end"/>.</param>
    public DamageSearch(long segmentBaseOffset, IDiskFile? file, uint seed, int end, long nextOffset)
    {
        _segmentBaseOffset = segmentBaseOffset;
        _file = file;
        _seed = seed;
        _end = end;
        _fileEnd = Math.Min(end, file?.Length ?? 0);
        _nextOffset = nextOffset;
    }

    /// <summary>The first damage from a place on at which a batch begins.</summary>
    /// <param name="position">Byte of the place.</param>
    /// <param name="offset">The offset that the batch there has.</param>
    /// <param name="lastOffset">Batches that begin behind this offset are not looked at.</param>
    /// <returns>Null when all is intact.</returns>
    public DamagedRange? Find(int position, long offset, long lastOffset)
    {
        while (position < _end && offset <= lastOffset)
        {
            if (!IsIntact(position, out int size, out long baseOffset, out long next) || baseOffset != offset || next > _nextOffset)
            {
                return RangeFrom(position, offset);
            }

            position += size;
            offset = next;
        }

        return null;
    }

    public void Dispose() => _window.Release();

    private DamagedRange RangeFrom(int from, long offset)
    {
        for (int position = from + 1; position + StoredBatch.OverheadBytes <= _fileEnd; position++)
        {
            if (LooksLikeLaterBatch(position, offset)
                && IsIntact(position, out _, out long baseOffset, out long next) && baseOffset > offset && next <= _nextOffset)
            {
                return new DamagedRange(_segmentBaseOffset, from, position, offset, baseOffset);
            }
        }

        return new DamagedRange(_segmentBaseOffset, from, _end, offset, _nextOffset);
    }

    // Cheap, because it is asked of every byte behind damage.
    private bool LooksLikeLaterBatch(int position, long offset)
    {
        var view = new StoredBatchView(Window(position, StoredBatch.OverheadBytes));
        return view.Magic == StoredBatch.MagicV2 && view.BaseOffset > offset && view.BaseOffset < _nextOffset;
    }

    private bool IsIntact(int position, out int size, out long baseOffset, out long nextOffset)
    {
        (size, baseOffset, nextOffset) = (0, 0, 0);
        if (_fileEnd - position < StoredBatch.OverheadBytes)
        {
            return false;
        }

        size = new StoredBatchView(Window(position, StoredBatch.OverheadBytes)).SizeBytes;
        if (size < StoredBatch.OverheadBytes || size > _fileEnd - position)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = Window(position, size);
        var view = new StoredBatchView(bytes);
        (baseOffset, nextOffset) = (view.BaseOffset, view.NextOffset);
        return StoredBatch.Validate(bytes, _seed, int.MaxValue) == BatchError.None;
    }

    private ReadOnlySpan<byte> Window(int position, int count)
    {
        if (position < _windowFrom || position + count > _windowFrom + _windowLength)
        {
            Load(position, Math.Max(count, WindowBytes));
        }

        return _window.Span.Slice(position - _windowFrom, count);
    }

    private void Load(int position, int count)
    {
        if (_window.Span.Length < count)
        {
            _window.Release();
            _window = PooledBuffer.Rent(count);
        }

        Span<byte> bytes = _window.Span[..count];
        bytes.Clear();
        try
        {
            _file?.Read(position, bytes);
        }
        catch (DiskException)
        {
            LoadBySectors(position, bytes);
        }

        (_windowFrom, _windowLength) = (position, count);
    }

    private void LoadBySectors(int position, Span<byte> bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(SectorBytes - ((position + at) % SectorBytes), bytes.Length - at);
            Span<byte> sector = bytes.Slice(at, count);
            try
            {
                _file!.Read(position + at, sector);
            }
            catch (DiskException)
            {
                sector.Clear();
            }

            at += count;
        }
    }
}
