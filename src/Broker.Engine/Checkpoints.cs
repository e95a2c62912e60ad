using Broker.Engine.State;
using Broker.Storage;
using Broker.Storage.Journal;
using Broker.Storage.Workers;

namespace Broker.Engine;

/// <summary>Begins a checkpoint after recovery, and when the journal's tail has grown to its limit, one at a time.</summary>
internal sealed class Checkpoints : IDisposable
{
    private readonly Checkpointer _checkpointer;
    private readonly GroupCommitter _committer;
    private readonly LsnProgress _progress;
    private readonly DiskGuard _diskGuard;
    private readonly long _replayBytesMax;
    private readonly IWorker _worker;
    private Action? _completeFirst;
    private long _capturedBytes;
    private long _checkpointedBytes;
    private int _running;
    private bool _disposed;

    public Checkpoints(EngineParts parts, long replayBytesMax, IWorkers workers)
    {
        _checkpointer = parts.Checkpointer;
        _committer = parts.Committer;
        _progress = parts.Progress;
        _diskGuard = parts.DiskGuard;
        _replayBytesMax = replayBytesMax;
        _worker = workers.Start("checkpoint");
        if (parts.FirstCheckpoint is { } work)
        {
            JournalPosition position = _committer.Writer.Position;
            _checkpointedBytes = -parts.ReplayedBytes;
            _running = 1;
            _completeFirst = () => Complete(work, position, bytes: 0, waitForCopy: false);
        }
    }

    /// <summary>Journal bytes that recovery would read now.</summary>
    public long TailBytes => _committer.Writer.BytesWritten - Interlocked.Read(ref _checkpointedBytes);

    /// <summary>
    /// False when writes have to wait for the checkpoint that runs: the tail is too long, or what was written since would leave
    /// it too long for another one to begin. On a full disk a checkpoint may wait as well, for what the writes would give back:
    /// then only what was accepted is written, and decisions.
    /// </summary>
    public bool MayWrite => Volatile.Read(ref _running) == 0 || _diskGuard.IsFull
        || (TailBytes < 2 * _replayBytesMax
            && _committer.Writer.BytesWritten - Interlocked.Read(ref _capturedBytes) < _replayBytesMax);

    /// <summary>
    /// Begins the checkpoint that recovery has left to do, unless it has begun. It syncs all that was replayed: no sync of the
    /// start, nor of the first callers, is to wait behind that.
    /// </summary>
    public void BeginFirst()
    {
        if (Interlocked.Exchange(ref _completeFirst, null) is { } complete)
        {
            _worker.Post(complete);
        }
    }

    /// <summary>Called on the journal's thread after each group: what is captured there is the state of exactly one LSN.</summary>
    public void StartIfDue()
    {
        // Else callers would have to wait for it, and brokers that are killed soon after each start would replay more and more.
        if (TailBytes >= _replayBytesMax + (_replayBytesMax / 2) || _committer.Writer.BytesWritten >= _replayBytesMax)
        {
            BeginFirst();
        }

        if (TailBytes < _replayBytesMax || Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            return;
        }

        JournalPosition position = _committer.Writer.Position;
        long bytes = _committer.Writer.BytesWritten;
        Interlocked.Exchange(ref _capturedBytes, bytes);
        CheckpointWork work = _checkpointer.Capture(position);
        _worker.Post(() => Complete(work, position, bytes, waitForCopy: true));
    }

    /// <summary>Finishes the checkpoint that was begun, or is left to do after recovery, unless it waits for space.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            if (_progress.Failure is null)
            {
                BeginFirst();
            }

            _checkpointer.Dispose();
            _worker.Dispose();
        }
    }

    private void Complete(CheckpointWork work, JournalPosition position, long bytes, bool waitForCopy)
    {
        try
        {
            _checkpointer.Complete(work, position, waitForCopy);
        }
        catch (Exception e)
        {
            _progress.Fail(e);
            return;
        }

        Interlocked.Exchange(ref _checkpointedBytes, bytes);
        Interlocked.Exchange(ref _running, 0);
        _committer.Wake();
    }
}
