using System.Diagnostics;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;
using Broker.Storage.Workers;

namespace Broker.Engine.State;

/// <summary>
/// Moves the place where recovery would begin: syncs what was applied, writes the changed state, then frees the journal
/// before it. By a worker, off the path of writes; only the capture runs between two groups.
/// </summary>
internal sealed class Checkpointer : IDisposable
{
    // From so many files on, one sync of the file system is cheaper than one for each.
    private const int SyncFileSystemFrom = 200;

    private static readonly TimeSpan SpaceRetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly EngineState _state;
    private readonly Producers.Sequences _sequences;
    private readonly SnapshotLog _snapshots;
    private readonly StateCopy _copy;
    private readonly JournalFiles _journalFiles;
    private readonly StorageMetrics _metrics;
    private readonly IWorkers _workers;
    private readonly CancellationTokenSource _stop = new();

    public Checkpointer(
        IDisk disk, string directory, EngineState state, Producers.Sequences sequences, SnapshotLog snapshots, StateCopy copy,
        JournalFiles journalFiles, StorageMetrics metrics, IWorkers workers)
    {
        _disk = disk;
        _directory = directory;
        _state = state;
        _sequences = sequences;
        _snapshots = snapshots;
        _copy = copy;
        _journalFiles = journalFiles;
        _metrics = metrics;
        _workers = workers;
    }

    /// <summary>Called when there is no room for what a checkpoint writes, at each try.</summary>
    public Action? OutOfSpace
    {
        get => _copy.OutOfSpace;
        set => _copy.OutOfSpace = value;
    }

    /// <summary>Collects what a checkpoint at this place writes; on the journal's thread, or while it does not run.</summary>
    public CheckpointWork Capture(JournalPosition position)
    {
        CheckpointWork work = _state.TakeChanges(_sequences, position.Lsn);
        var checkpoint = new Checkpoint(position, _state.Incarnation, _journalFiles.NextNumber, _state.NextProducerId);
        work.Changes.Put(StateFamily.Meta, Checkpoint.Key, checkpoint.ToBytes());
        return work;
    }

    /// <summary>Makes a captured checkpoint durable and frees the journal before it.</summary>
    /// <param name="waitForCopy">Whether both copies of the state are durable before the journal is freed.</param>
    /// <exception cref="StorageException">A sync failed; final.</exception>
    public void Complete(CheckpointWork work, JournalPosition position, bool waitForCopy)
    {
        long started = Stopwatch.GetTimestamp();
        SyncSegments(work);
        SyncDirectories();
        WaitingForSpace(() => _snapshots.Append(work.Changes, position.Lsn));
        _copy.Write(work.Changes);
        if (waitForCopy)
        {
            _copy.WaitIdle();
        }

        _journalFiles.FreeBelow(position.FileNumber);
        _state.Files.RemoveEmptyDirectories();
        _metrics.Checkpointed(Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Ends waiting for space.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _copy.StopWaiting();
    }

    private void SyncSegments(CheckpointWork work)
    {
        foreach ((Segment segment, int endPosition) in work.Segments)
        {
            try
            {
                segment.SaveIndex(endPosition);
            }
            catch (DiskException)
            {
                // A cache: made again from the segment when it is needed. Nothing waits for room for it.
            }
        }

        if (work.Segments.Count >= SyncFileSystemFrom && OperatingSystem.IsLinux())
        {
            _disk.SyncFileSystem(_directory);
            work.Segments.ForEach(s => s.Segment.NoteSynced(s.EndPosition));
        }
        else
        {
            work.Segments.ForEach(s => s.Segment.Sync(s.EndPosition));
        }
    }

    private void SyncDirectories()
    {
        foreach (string directory in _state.Files.TakeChangedDirectories())
        {
#if BROKER_MUTANTS
            if (Broker.Records.Mutant.Is("no-directory-sync"))
            {
                continue;
            }
#endif
            if (_disk.DirectoryExists(directory))
            {
                _disk.SyncDirectory(directory);
            }
        }
    }

    private void WaitingForSpace(Action write)
    {
        while (true)
        {
            try
            {
                write();
                return;
            }
            catch (DiskException e) when (e.MayPass && !_stop.IsCancellationRequested)
            {
                // The journal keeps everything meanwhile.
                if (e.IsOutOfSpace)
                {
                    OutOfSpace?.Invoke();
                }

                _workers.Pause(SpaceRetryDelay, _stop.Token);
            }
        }
    }
}
