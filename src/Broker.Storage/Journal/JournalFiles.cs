using Broker.Records;
using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Storage.Journal;

/// <summary>
/// The numbered files of the journal. A worker keeps the next files ready: pre-zeroed or recycled, so that writing them never
/// allocates blocks, and with their directory entries durable. Numbers only grow and are never used twice. The last one that is
/// ready is taken only when the disk is full: it is for what was accepted before, and for the decisions behind it that free space.
/// </summary>
internal sealed class JournalFiles : IDisposable
{
    // While one file is written, the next is ready, the one after it is being made, and the last is kept for a full disk.
    private const int ReadyCountMax = 3;
    private const int ZeroChunkBytes = 256 << 10;

    private static readonly TimeSpan SpaceRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] Zeros = new byte[ZeroChunkBytes];

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly long _fileBytes;
    private readonly int _recycledCountMax;
    private readonly Lock _gate = new();
    private readonly Queue<JournalFile> _ready = new();
    private readonly Queue<string> _recyclable = new();
    private readonly SortedDictionary<long, string> _inUse = [];
    private readonly CancellationTokenSource _noWaiting = new();
    private readonly IWorkers _workers;
    private readonly IWorker _preparer;
    private long _nextNumber;
    private bool _isFirstTaken;
    private bool _isShortOfSpace;
    private bool _isDisposed;
    private Exception? _failure;
    private Action<Exception>? _failed;

    /// <param name="nextNumber">Higher than every number ever used.</param>
    /// <param name="recycledBytesMax">Freed files up to this many bytes are kept for reuse, the others deleted.</param>
    public JournalFiles(IDisk disk, IWorkers workers, string directory, long fileBytes, long nextNumber, long recycledBytesMax)
    {
        _disk = disk;
        _directory = directory;
        _fileBytes = fileBytes;
        _nextNumber = nextNumber;
        _recycledCountMax = (int)Math.Max(1, recycledBytesMax / fileBytes);
        _workers = workers;
        _preparer = workers.Start("journal files");
    }

    /// <summary>Called when there is no room for the next file, at each try.</summary>
    public Action? OutOfSpace { get; set; }

    /// <summary>Whether <see cref="TakeNext"/> would answer without waiting, be it with an error.</summary>
    public bool IsNextDecided
    {
        get
        {
            lock (_gate)
            {
                return HasOneToTake || _failure is not null;
            }
        }
    }

    /// <summary>Somebody else has met the full disk: the last file may be taken without waiting for the next to fail.</summary>
    public void NoteShortOfSpace()
    {
        lock (_gate)
        {
            _isShortOfSpace = true;
        }
    }

    /// <summary>Whether <see cref="TakeNext"/> would give a file that holds so much, without waiting.</summary>
    public bool HasReadyFile(long sizeBytesMin)
    {
        lock (_gate)
        {
            return HasOneToTake && _ready.Peek().SizeBytes >= sizeBytesMin;
        }
    }

    /// <summary>The last one only when there is no room for another; under the lock.</summary>
    private bool HasOneToTake => _ready.Count > (_isShortOfSpace || !_isFirstTaken ? 0 : 1);

    /// <summary>A number above every file made so far.</summary>
    public long NextNumber
    {
        get
        {
            lock (_gate)
            {
                return _nextNumber;
            }
        }
    }

    public void StartPreparing()
    {
        for (int i = 0; i < ReadyCountMax; i++)
        {
            _preparer.Post(PrepareOne);
        }
    }

    /// <summary>Has a failure told at once: a sync that failed is final, also one that nobody waits for.</summary>
    public void OnFailure(Action<Exception> failed)
    {
        Exception? failure;
        lock (_gate)
        {
            _failed = failed;
            failure = _failure;
        }

        if (failure is not null)
        {
            failed(failure);
        }
    }

    /// <summary>Names a file found at start that replay may still need; <see cref="FreeBelow"/> frees it later.</summary>
    public void AdoptExisting(long number, string path)
    {
        lock (_gate)
        {
            _inUse[number] = path;
        }
    }

    /// <summary>Takes over a file found at start that holds nothing: it is written again under a new number.</summary>
    public void AdoptUnused(string path)
    {
        lock (_gate)
        {
            _recyclable.Enqueue(path);
        }
    }

    /// <summary>Takes the next file, waiting for it when none is ready.</summary>
    /// <param name="sizeBytesMin">What the file must hold at least.</param>
    public JournalFile TakeNext(long sizeBytesMin)
    {
        _preparer.WaitUntil(() => IsNextDecided);
        JournalFile file;
        lock (_gate)
        {
            if (!_ready.TryDequeue(out file!))
            {
                throw new StorageException("The next journal file could not be made: " + _failure!.Message, _failure);
            }

            _inUse[file.Number] = file.File.Path;
            _isFirstTaken = true;
        }

        _preparer.Post(PrepareOne);
        if (file.SizeBytes < sizeBytesMin)
        {
            // One entry larger than a whole file: this file grows to hold it.
            file = Grow(file, sizeBytesMin);
            file.File.SyncData();
        }

        return file;
    }

    /// <summary>Gives up the files below a number: nothing in them is needed for recovery any more.</summary>
    public void FreeBelow(long number)
    {
        lock (_gate)
        {
            while (_inUse.Count > 0)
            {
                (long oldest, string path) = _inUse.First();
                if (oldest >= number)
                {
                    break;
                }

                _inUse.Remove(oldest);
                if (_recyclable.Count + _ready.Count < _recycledCountMax)
                {
                    _recyclable.Enqueue(path);
                }
                else
                {
                    _disk.DeleteFile(path);
                }
            }
        }
    }

    /// <summary>Ends waiting for space: who waits for a file gets an error.</summary>
    public void StopWaiting() => _noWaiting.Cancel();

    public void Dispose()
    {
        StopWaiting();
        Volatile.Write(ref _isDisposed, true);
        _preparer.Dispose();
        foreach (JournalFile file in _ready)
        {
            file.File.Dispose();
        }

        _noWaiting.Dispose();
    }

#if BROKER_MUTANTS
    /// <summary>Any other file of the journal, for a writer that syncs the wrong one.</summary>
    public IDiskFile OpenAnother(long number)
    {
        IReadOnlyList<string> files = _disk.ListFiles(_directory);
        return _disk.Open(files.FirstOrDefault(p => JournalFormat.NumberOf(p) != number) ?? files[0], FileOpening.Existing);
    }
#endif

    private void PrepareOne()
    {
        if (Volatile.Read(ref _isDisposed))
        {
            return;
        }

        try
        {
            JournalFile file = Prepare();
            lock (_gate)
            {
                _ready.Enqueue(file);
                _isShortOfSpace = false;
            }
        }
        catch (DiskException e) when (MayWaitFor(e))
        {
            NoteShortage(e);
            lock (_gate)
            {
                _isShortOfSpace = true;
            }

            // A piece of its own: whoever waits for a file may take the last one meanwhile.
            _preparer.Post(() =>
            {
                _workers.Pause(SpaceRetryDelay, _noWaiting.Token);
                PrepareOne();
            });
        }
        catch (StorageException e)
        {
            // Room that a stop no longer waits for fails only those who need the file.
            Action<Exception>? failed;
            lock (_gate)
            {
                _failure = e;
                failed = e is DiskException { MayPass: true } ? null : _failed;
            }

            failed?.Invoke(e);
        }
    }

    private JournalFile Grow(JournalFile file, long sizeBytes)
    {
        while (true)
        {
            try
            {
                ZeroFrom(file.File, file.SizeBytes, sizeBytes);
                return new JournalFile(file.File, file.Number, sizeBytes);
            }
            catch (DiskException e) when (MayWaitFor(e))
            {
                NoteShortage(e);
                _workers.Pause(SpaceRetryDelay, _noWaiting.Token);
            }
        }
    }

    private bool MayWaitFor(DiskException shortage) => shortage.MayPass && !_noWaiting.IsCancellationRequested;

    /// <summary>Writes are refused while space is short; what was accepted waits until there is some.</summary>
    private void NoteShortage(DiskException shortage)
    {
        if (shortage.IsOutOfSpace)
        {
            OutOfSpace?.Invoke();
        }
    }

    private JournalFile Prepare()
    {
        string? recycled;
        long number;
        lock (_gate)
        {
            number = _nextNumber++;
            _recyclable.TryDequeue(out recycled);
        }

        string path = Path.Combine(_directory, JournalFormat.FileName(number));
        if (recycled is not null && RecycleOrKeep(recycled, path) is { } file)
        {
            return new JournalFile(file, number, _fileBytes);
        }

        IDiskFile fresh = _disk.Open(path, FileOpening.New);
        try
        {
            ZeroFrom(fresh, 0, _fileBytes);
            fresh.SyncData();
#if BROKER_MUTANTS
            if (!Mutant.Is("no-directory-sync"))
#endif
            _disk.SyncDirectory(_directory);
        }
        catch
        {
            fresh.Dispose();
            _disk.DeleteFile(path);
            throw;
        }

        return new JournalFile(fresh, number, _fileBytes);
    }

    private IDiskFile? RecycleOrKeep(string recycled, string path)
    {
        try
        {
            return Recycle(recycled, path);
        }
        catch (DiskException e) when (e.MayPass)
        {
            lock (_gate)
            {
                _recyclable.Enqueue(_disk.FileExists(path) ? path : recycled);
            }

            throw;
        }
    }

    /// <returns>Null when the file has another size than files have now: then it is deleted.</returns>
    private IDiskFile? Recycle(string recycled, string path)
    {
        IDiskFile file = _disk.Open(recycled, FileOpening.Existing);
        bool fits = file.Length == _fileBytes;
        file.Dispose();
        if (!fits)
        {
            _disk.DeleteFile(recycled);
            return null;
        }

        _disk.Rename(recycled, path);
#if BROKER_MUTANTS
        if (!Mutant.Is("no-directory-sync"))
#endif
        _disk.SyncDirectory(_directory);
        return _disk.Open(path, FileOpening.Existing);
    }

    private static void ZeroFrom(IDiskFile file, long from, long to)
    {
        for (long at = from; at < to; at += ZeroChunkBytes)
        {
            file.Write(at, Zeros.AsSpan(0, (int)Math.Min(ZeroChunkBytes, to - at)));
        }

        Invariant.Check(file.Length >= to);
    }
}
