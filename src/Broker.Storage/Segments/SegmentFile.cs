using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>
/// The file of a segment: opened when it is needed, closed when others need the room, given back when the last lease is gone.
/// Written and synced to be closed by the journal's thread alone, synced by a checkpoint's, read by any that holds a lease.
/// </summary>
internal sealed class SegmentFile(SegmentFiles files, string path, int capacityBytes, int endPosition)
{
    // The kernel is asked to begin writing back in such steps, so that a checkpoint does not find all of it undone.
    private const int WriteBackStepBytes = 8 << 20;

    private readonly Lock _openGate = new();
    private readonly Lock _syncGate = new();
    private IDiskFile? _file;
    private LinkedListNode<SegmentFile>? _openNode;
    private FileMap? _map;
    private DiskException? _syncFailure;
    private int _writeBackFrom = endPosition;
    private int _leases = 1;
    private bool _deleteWhenFree;
    private volatile bool _hasUnsynced;
    private volatile bool _isInCheckpoint;
    private volatile bool _wasUsed;

    public string Path => path;

    /// <summary>Open, read by nobody, and closed at once if it were not for what was written and not synced.</summary>
    public bool IsClosableOnceSynced => AwaitsSync && Volatile.Read(ref _leases) == 1;

    private bool AwaitsSync => _hasUnsynced || _isInCheckpoint;

    /// <summary>Keeps map and file alive until <see cref="Release"/>; false when they were given back.</summary>
    public bool TryLease()
    {
        int leases = Volatile.Read(ref _leases);
        while (leases > 0)
        {
            int seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases)
            {
                return true;
            }

            leases = seen;
        }

        return false;
    }

    /// <returns>True when that was the last lease of a file that is to be deleted, which it is now.</returns>
    public bool Release()
    {
        if (Interlocked.Decrement(ref _leases) > 0)
        {
            return false;
        }

        _map?.Unmap();
        long bytes = _deleteWhenFree ? SizeBytes() : 0;
        lock (_openGate)
        {
            _file?.Dispose();
            _file = null;
            if (_openNode is { } node)
            {
                files.Open.Remove(node);
            }
        }

        if (_deleteWhenFree && files.Disk.FileExists(path))
        {
            files.Free(path, bytes);
        }

        return _deleteWhenFree;
    }

    /// <summary>Has it deleted by who releases it last.</summary>
    public void DeleteWhenFree() => _deleteWhenFree = true;

    /// <summary>The file, opened when it is not; for whoever holds a lease.</summary>
    public IDiskFile Open()
    {
        lock (_openGate)
        {
            return OpenLocked();
        }
    }

    /// <summary>A read-only view of the whole capacity; made once.</summary>
    public FileMap Map()
    {
        if (Volatile.Read(ref _map) is { } map)
        {
            return map;
        }

        lock (_openGate)
        {
            if (_map is null)
            {
                Volatile.Write(ref _map, OpenLocked().Map(capacityBytes));
            }

            return _map!;
        }
    }

    /// <summary>Another descriptor, which its owner closes; for reading past the page cache.</summary>
    public IDiskFile OpenToRead() => files.Disk.Open(path, FileOpening.ReadOnly);

    /// <summary>Opens it, or makes it, for the next write, after which it is not closed before it was synced.</summary>
    /// <param name="isNew">Nothing was written to it yet.</param>
    public IDiskFile OpenForAppend(bool isNew)
    {
        // What has unsynced bytes is not closed by others.
        if (_hasUnsynced && _file is { } file)
        {
            _wasUsed = true;
            return file;
        }

        if (_file is null)
        {
            files.Open.MakeRoom(maySync: true);
        }

        lock (_openGate)
        {
            _hasUnsynced = true;
            return _file is null ? OpenedLocked(files.OpenForAppend(path, isNew)) : OpenLocked();
        }
    }

    /// <summary>Asks the kernel, in large steps, to begin writing back what was written up to a position.</summary>
    public void StartWriteBack(IDiskFile file, int end)
    {
        if (files.StartsWriteBack && end - _writeBackFrom >= WriteBackStepBytes)
        {
            file.StartWriteBack(_writeBackFrom, end - _writeBackFrom);
            _writeBackFrom = end;
        }
    }

    /// <summary>
    /// Called on the journal's thread when a checkpoint begins, which is to sync what was written so far, if it was not synced to
    /// be closed.
    /// </summary>
    public void BeginSync()
    {
        _isInCheckpoint = _hasUnsynced;
        _hasUnsynced = false;
    }

    /// <summary>Makes what was written before the checkpoint began durable; for whoever holds a lease.</summary>
    /// <exception cref="DiskException">This sync failed, or one before it; final.</exception>
    public void Sync()
    {
        SyncOpen();
        _isInCheckpoint = false;
    }

    /// <summary>The checkpoint has made what was written before it durable in another way.</summary>
    /// <exception cref="DiskException">A sync of the file has failed: then it has not.</exception>
    public void NoteSynced()
    {
        lock (_syncGate)
        {
            ThrowIfSyncFailed();
        }

        _isInCheckpoint = false;
    }

    /// <summary>Makes what was written durable, so that the file may be closed; on the journal's thread.</summary>
    /// <exception cref="StorageException">The sync failed; final.</exception>
    public void SyncToClose()
    {
        try
        {
            SyncOpen();
        }
        catch (DiskException e)
        {
            // It is not the segment being written to that has failed: no other takes its place.
            throw new StorageException(e.Message, e);
        }

        _hasUnsynced = false;
        _isInCheckpoint = false;
    }

    /// <summary>Whether the file was used since the last call.</summary>
    public bool TakeUse()
    {
        bool wasUsed = _wasUsed;
        _wasUsed = false;
        return wasUsed;
    }

    /// <summary>Closes the file when nobody reads it and all of it is synced. It is opened again when it is needed.</summary>
    /// <returns>False when it stays open.</returns>
    public bool TryClose()
    {
        // Never waits: who holds the gate may be waiting for the row of open files.
        if (!_openGate.TryEnter())
        {
            return false;
        }

        try
        {
            // Whoever leases it after this look asks for the file behind the gate.
            if (Volatile.Read(ref _leases) != 1 || AwaitsSync)
            {
                return false;
            }

            _file?.Dispose();
            _file = null;
            _openNode = null;
            return true;
        }
        finally
        {
            _openGate.Exit();
        }
    }

    // One at a time: of a failure the kernel tells one of two callers, and to the other the sync looks done. What is closed was
    // synced before.
    private void SyncOpen()
    {
        lock (_syncGate)
        {
            ThrowIfSyncFailed();
            try
            {
                FileIfOpen()?.SyncData();
            }
            catch (DiskException e)
            {
                _syncFailure = e;
                throw;
            }
        }
    }

    private void ThrowIfSyncFailed()
    {
        if (_syncFailure is { } failure)
        {
            throw failure;
        }
    }

    private IDiskFile? FileIfOpen()
    {
        lock (_openGate)
        {
            return _file;
        }
    }

    private IDiskFile OpenLocked()
    {
        _wasUsed = true;
        if (_file is { } file)
        {
            return file;
        }

        files.Open.MakeRoom(maySync: false);
        return OpenedLocked(files.Disk.Open(path, FileOpening.Existing));
    }

    private IDiskFile OpenedLocked(IDiskFile file)
    {
        _file = file;
        _wasUsed = true;
        _openNode = files.Open.Add(this);
        return file;
    }

    /// <summary>How much the file takes up; nothing when that cannot be told.</summary>
    private long SizeBytes()
    {
        try
        {
            if (!files.Disk.FileExists(path))
            {
                return 0;
            }

            using IDiskFile file = files.Disk.Open(path, FileOpening.ReadOnly);
            return file.Length;
        }
        catch (DiskException)
        {
            return 0;
        }
    }
}
