using Broker.Records;
using Broker.Storage.Files;
using Broker.Storage.Segments;

namespace Broker.Engine.Inspection;

/// <summary>Reads the batches of one segment with ordinary reads and checks each.</summary>
internal sealed class SegmentWalk(IDisk disk, SegmentInfo segment, uint seed) : IDisposable
{
    private IDiskFile? _file;
    private long _position;
    private long _nextOffset = segment.BaseOffset;

    /// <summary>What ended the walk early; null at the end of the segment.</summary>
    public Problem? Problem { get; private set; }

    /// <returns>The next batch; null at the end and at damage.</returns>
    public BatchInfo? Next()
    {
        if (Problem is not null || _position >= segment.EndPosition)
        {
            return null;
        }

        if (_file is null && !disk.FileExists(segment.Path))
        {
            return Fail("the file is missing");
        }

        byte[] head = new byte[StoredBatch.OverheadBytes];
        IDiskFile file;
        int headRead;
        try
        {
            file = _file ??= disk.Open(segment.Path, FileOpening.ReadOnly);
            headRead = file.Read(_position, head);
        }
        catch (DiskException e)
        {
            return Fail($"what cannot be read: {e.Message.TrimEnd('.')}");
        }

        int size = headRead == head.Length ? new StoredBatchView(head).SizeBytes : 0;
        if (size < StoredBatch.OverheadBytes || _position + size > segment.EndPosition)
        {
            return Fail($"no batch where one must be (the segment holds {segment.EndPosition} bytes)");
        }

        byte[] bytes = new byte[size];
        int read = file.Read(_position, bytes);
        BatchError error = read < size ? BatchError.TooShort : StoredBatch.Validate(bytes, seed, int.MaxValue);
        if (error != BatchError.None)
        {
            return Fail($"a batch that is not intact: {BatchErrors.Describe(error)}");
        }

        var view = new StoredBatchView(bytes);
        if (view.BaseOffset != _nextOffset)
        {
            return Fail($"a batch with offset {view.BaseOffset} where {_nextOffset} must be");
        }

        var info = new BatchInfo(
            _position, size, view.BaseOffset, view.LastOffset, view.RecordCount, view.Codec.ToString().ToLowerInvariant(), view.MaxTimestamp,
            view.AppendTimeMs, view.Lsn, view.ProducerId, view.ProducerEpoch, view.BaseSequence);
        _position += size;
        _nextOffset = view.NextOffset;
        return info;
    }

    /// <summary>Where the walk is: at the next batch, or at the one that ended it.</summary>
    public long Position => _position;

    /// <summary>Goes on behind a batch that is not in the segment yet.</summary>
    public void StepOver(WaitingBatch waiting)
    {
        _position += waiting.SizeBytes;
        _nextOffset = waiting.NextOffset;
        Problem = null;
    }

    /// <summary>Goes on behind damage.</summary>
    /// <returns>What is damaged; null when nothing is, or nothing is left behind it.</returns>
    public DamagedRange? StepOver()
    {
        if (Problem is null)
        {
            return null;
        }

        using var search = new DamageSearch(segment.BaseOffset, _file, seed, (int)segment.EndPosition, segment.NextOffset);
        DamagedRange? range = search.Find((int)_position, _nextOffset, long.MaxValue);
        (_position, _nextOffset) = range is null ? (segment.EndPosition, segment.NextOffset) : (range.ToPosition, range.NextOffset);
        Problem = null;
        return range;
    }

    public void Dispose() => _file?.Dispose();

    private BatchInfo? Fail(string what)
    {
        Problem = new Problem(
            segment.Path, _position,
            $"Topic {segment.Topic}, partition {segment.Partition}, offset {_nextOffset}: {segment.Path} has at byte {_position} {what}.");
        return null;
    }
}
