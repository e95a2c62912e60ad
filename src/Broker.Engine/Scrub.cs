using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Segments;
using Broker.Storage.Workers;

namespace Broker.Engine;

/// <summary>
/// Reads the whole log again and again, past the page cache and at a bounded rate, so that damage is found before somebody
/// needs the bytes. Looks at what a checkpoint has synced; a worker's, one step a second.
/// </summary>
internal sealed class Scrub : IDisposable
{
    private const int ReadBytes = 1 << 20;

    private readonly EngineState _state;
    private readonly StorageMetrics _metrics;
    private readonly long _bytesPerSecond;
    private readonly IWorker _worker;
    private AlignedBuffer _buffer = new(ReadBytes);
    private IEnumerator<int>? _pass;
    private int _isBusy;
    private volatile bool _stopping;

    public Scrub(EngineState state, StorageMetrics metrics, long bytesPerSecond, IWorkers workers)
    {
        _state = state;
        _metrics = metrics;
        _bytesPerSecond = bytesPerSecond;
        _worker = workers.Start("scrub");
    }

    /// <summary>To be called once a second. Leaves one out when the disk has not kept up.</summary>
    public void Step()
    {
        if (_bytesPerSecond > 0 && Interlocked.CompareExchange(ref _isBusy, 1, 0) == 0)
        {
            _worker.Post(() =>
            {
                Run(_bytesPerSecond);
                Volatile.Write(ref _isBusy, 0);
            });
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _worker.Dispose();
        _buffer.Dispose();
    }

    /// <summary>Goes on where it was, for so many bytes, or to the end of the pass.</summary>
    private void Run(long bytes)
    {
        _pass ??= Pass().GetEnumerator();
        while (bytes > 0 && !_stopping)
        {
            if (!_pass.MoveNext())
            {
                _pass.Dispose();
                _pass = null;
                _metrics.ScrubPassed();
                return;
            }

            bytes -= _pass.Current;
            _metrics.Scrubbed(_pass.Current);
        }
    }

    // Each step yields how many bytes it read.
    private IEnumerable<int> Pass()
    {
        foreach (PartitionHandle partition in _state.Topics.SelectMany(t => t.Info.Partitions).ToArray())
        {
            foreach (Segment segment in partition.Log.Segments)
            {
                (int position, long offset) = (0, segment.BaseOffset);
                while (position < segment.SyncedTo && segment.TryLease())
                {
                    int read;
                    try
                    {
                        read = Check(partition, segment, ref position, ref offset);
                    }
                    finally
                    {
                        segment.Release();
                    }

                    yield return read;
                }
            }
        }
    }

    /// <summary>Checks the batches that one read holds, at least one.</summary>
    /// <returns>Bytes read.</returns>
    private int Check(PartitionHandle partition, Segment segment, ref int position, ref long offset)
    {
        if (segment.DamageAt(offset) is { } known)
        {
            (position, offset) = (known.ToPosition, known.NextOffset);
            return 0;
        }

        int from = position / AlignedBuffer.AlignmentBytes * AlignedBuffer.AlignmentBytes;
        int read = Read(segment, from);
        int end = Math.Min(from + read, segment.SyncedTo);
        int first = position;
        if (position >= end)
        {
            Report(partition, segment, ref position, ref offset);
        }

        while (position < end)
        {
            BatchError error = Validate(partition, from, end, position, offset, out int size, out long next);
            if (error == BatchError.None)
            {
                (position, offset) = (position + size, next);
            }
            else if (error == BatchError.TooShort && position > first && end < segment.SyncedTo)
            {
                return read;
            }
            else if (error == BatchError.TooShort && size > _buffer.Length - AlignedBuffer.AlignmentBytes && size <= segment.SyncedTo - position)
            {
                _buffer.Dispose();
                _buffer = new AlignedBuffer((size / AlignedBuffer.AlignmentBytes * AlignedBuffer.AlignmentBytes) + (2 * AlignedBuffer.AlignmentBytes));
                return read;
            }
            else
            {
                Report(partition, segment, ref position, ref offset);
                return read;
            }
        }

        return read;
    }

    private int Read(Segment segment, int from)
    {
        try
        {
            using IDiskFile file = segment.OpenToRead();
            return file.ReadFromDevice(from, _buffer, at: 0, _buffer.Length);
        }
        catch (DiskException)
        {
            // What cannot be read is damage, or a lack of file handles: the search behind it tells.
            return 0;
        }
    }

    private BatchError Validate(PartitionHandle partition, int from, int end, int position, long offset, out int size, out long nextOffset)
    {
        (size, nextOffset) = (0, 0);
        ReadOnlySpan<byte> rest = _buffer.Span[(position - from)..(end - from)];
        if (rest.Length < StoredBatch.OverheadBytes)
        {
            return BatchError.TooShort;
        }

        var view = new StoredBatchView(rest);
        size = view.SizeBytes;
        if (view.PrefixCrc != StoredBatch.PrefixCrc(rest, partition.PrefixSeed) || view.BaseOffset != offset || size < StoredBatch.OverheadBytes)
        {
            return BatchError.PrefixCrcMismatch;
        }

        if (size > rest.Length)
        {
            return BatchError.TooShort;
        }

        nextOffset = view.NextOffset;
        return StoredBatch.Validate(rest[..size], partition.PrefixSeed, int.MaxValue);
    }

    private void Report(PartitionHandle partition, Segment segment, ref int position, ref long offset)
    {
        // The search reads through the page cache, as every reader does. Where that still has the bytes as they were, it finds
        // nothing: then the rest of the segment waits for the next pass.
        if (partition.Log.FindDamage(segment, position) is not { } range)
        {
            position = segment.SyncedTo;
            return;
        }

        if (partition.Report(range))
        {
            _metrics.ScrubFound();
        }

        (position, offset) = (range.ToPosition, range.NextOffset);
    }
}
