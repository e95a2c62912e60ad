using Broker.Client.Testing.Disk;
using Broker.Simulation.Schedule;
using Broker.Storage.Files;

namespace Broker.Simulation.Disk;

/// <summary>
/// A disk in memory, seen through the schedule: at writes and syncs, where the engine holds no lock, others may run, at any call
/// the process may end, and calls fail when a run says so.
/// </summary>
internal sealed class SimulatedDisk(Chance chance, Trace trace) : IDisk
{
    private const int EIO = 5, ENOMEM = 12, ENOSPC = 28;

    // A descriptor that was written to was closed without a sync: another need not be told that writing back failed.
    private readonly HashSet<MemoryBytes> _closedUnsynced = new(ReferenceEqualityComparer.Instance);
    private MemoryDisk _memory = new();
    private bool _crashAfter;
    private long _journalNumberUsed;
    private int _mapCount;

    public int OpenFilesMax { get; private set; } = int.MaxValue;

    /// <summary>The process may have next to no files open, and every other map fails.</summary>
    public bool IsProcessLimited
    {
        get => OpenFilesMax == 0;
        init => OpenFilesMax = value ? 0 : int.MaxValue;
    }

    /// <summary>Runs something else for a while.</summary>
    public Action? Interleave { get; set; }

    public bool IsCrashed { get; private set; }

    /// <summary>A promise that was seen to be broken in the directory, as a sentence.</summary>
    public string? Broken { get; private set; }

    /// <summary>Calls until the process ends; 0: it does not.</summary>
    public int CrashIn { get; set; }

    /// <summary>Syncs until one fails; 0: none does.</summary>
    public int FailSyncIn { get; set; }

    public bool SyncHasFailed { get; set; }

    /// <summary>How many more waits it takes until there is space again.</summary>
    public int FullFor { get; set; }

    /// <summary>Files that went while there was no space; the first one gives it back.</summary>
    public int DeletedWhileFull { get; private set; }

    public int RecycledCount { get; private set; }

    public int LostRenameCount { get; private set; }

    public IEnumerable<string> AllFiles => _memory.AllFiles;

    public IEnumerable<string> AllDirectories => _memory.AllDirectories;

    public MemoryBytes Bytes(string path) => _memory.Bytes(path);

    /// <summary>The number of the newest journal file that frames were written to.</summary>
    public long JournalNumberUsed => _journalNumberUsed;

    /// <summary>The same once more, with all that is not synced.</summary>
    public SimulatedDisk Copy(Chance otherChance) =>
        new(otherChance, trace) { _memory = _memory.Copy(), _journalNumberUsed = _journalNumberUsed };

    public void Remove(string path) => _memory.Remove(path);

    /// <summary>Nothing fails any more.</summary>
    public void Calm()
    {
        CrashIn = 0;
        FailSyncIn = 0;
        FullFor = 0;
        _crashAfter = false;
    }

    /// <summary>The process is gone; what it wrote is still in the page cache.</summary>
    public void EndProcess()
    {
        Calm();
        IsCrashed = false;
        _closedUnsynced.Clear();
        _memory.EndProcess();
    }

    /// <summary>And the machine too: what was not synced is kept or lost, piece by piece.</summary>
    public void CutPower()
    {
        EndProcess();
        LostRenameCount += _memory.CutPower(chance).Count(change => change.Kind == EntryChangeKind.Rename);
    }

    public void ThrowIfCrashed()
    {
        if (IsCrashed)
        {
            throw new SimulatedCrash();
        }
    }

    /// <summary>Comes before each call that is made where a lock may be held.</summary>
    public void Before(string call, string path, long position, long count)
    {
        ThrowIfCrashed();
        trace.Add(call, Short(path), position, count);
        if (CrashIn > 0 && --CrashIn == 0)
        {
            if (chance.Percent(50))
            {
                IsCrashed = true;
                throw new SimulatedCrash();
            }

            _crashAfter = true;
        }
    }

    /// <summary>The same for calls where none is held.</summary>
    public void BeforeOpen(string call, string path, long position, long count)
    {
        Yield();
        Before(call, path, position, count);
    }

    public void Yield()
    {
        Interleave?.Invoke();
        ThrowIfCrashed();
    }

    public void After()
    {
        if (_crashAfter)
        {
            IsCrashed = true;
            throw new SimulatedCrash();
        }
    }

    public void FailSyncIfDue(string path, MemoryBytes? bytes)
    {
        if (FailSyncIn > 0 && --FailSyncIn == 0)
        {
            SyncHasFailed = true;
            bytes?.FailSync(chance);
            throw new DiskException("fdatasync", path, position: -1, EIO);
        }
    }

    /// <summary>Notes that journal frames go to a file.</summary>
    public void NoteFrames(string path) => _journalNumberUsed = Math.Max(_journalNumberUsed, JournalNumber(path));

    public void NoteClosedUnsynced(MemoryBytes bytes) => _closedUnsynced.Add(bytes);

    public void FailMapIfDue(string path)
    {
        if (IsProcessLimited && ++_mapCount % 2 == 0)
        {
            throw new DiskException("mmap", path, position: -1, ENOMEM);
        }
    }

    public void FailWhenFull(string path, long position)
    {
        if (FullFor > 0)
        {
            throw new DiskException("pwrite", path, position, ENOSPC);
        }
    }

    public IDiskFile Open(string path, FileOpening opening)
    {
        Before("open", path, (int)opening, 0);
        bool isNew = !_memory.FileExists(path);
        if (isNew && opening is (FileOpening.New or FileOpening.ExistingOrNew))
        {
            FailWhenFull(path, -1);
            NoteName(path);
        }

        IDiskFile file = _memory.Open(path, opening);
        MemoryBytes bytes = _memory.Bytes(path);

        // After a failed sync the rest of a checkpoint is not synced: nothing is acked any more, so nothing rests on it.
        if (opening == FileOpening.Existing && _closedUnsynced.Contains(bytes) && !SyncHasFailed)
        {
            Broken ??= $"{path} was closed with bytes that are not synced, and is opened again.";
        }

        After();
        return new SimulatedFile(this, file, bytes);
    }

    public bool FileExists(string path)
    {
        ThrowIfCrashed();
        return _memory.FileExists(path);
    }

    public bool DirectoryExists(string path)
    {
        ThrowIfCrashed();
        return _memory.DirectoryExists(path);
    }

    public IReadOnlyList<string> CreateDirectory(string path)
    {
        var missing = new Stack<string>();
        for (string? at = path; at is not null && !_memory.DirectoryExists(at); at = Path.GetDirectoryName(at))
        {
            missing.Push(at);
        }

        var parents = new List<string>();
        foreach (string directory in missing)
        {
            Before("mkdir", directory, 0, 0);
            parents.AddRange(_memory.CreateDirectory(directory));
            After();
        }

        return parents;
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        Before("list", directory, 0, 0);
        return _memory.ListFiles(directory);
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        Before("list", directory, 1, 0);
        return _memory.ListDirectories(directory);
    }

    public void Rename(string from, string to)
    {
        Before("rename", from, 0, 0);
        _memory.Rename(from, to);
        NoteName(to);
        RecycledCount += to.EndsWith(".snapshot", StringComparison.Ordinal) || to.Contains("/recycle/", StringComparison.Ordinal) ? 0 : 1;
        _closedUnsynced.Remove(_memory.Bytes(to));
        After();
    }

    public void DeleteFile(string path)
    {
        Before("unlink", path, 0, 0);
        if (_memory.FileExists(path))
        {
            _memory.DeleteFile(path);
            DeletedWhileFull += FullFor > 0 ? 1 : 0;
            FullFor = 0;
        }

        After();
    }

    public void DeleteDirectory(string path)
    {
        foreach (string file in ListFiles(path))
        {
            DeleteFile(file);
        }

        foreach (string directory in ListDirectories(path))
        {
            DeleteDirectory(directory);
        }

        Before("rmdir", path, 0, 0);
        _memory.DeleteDirectory(path);
        After();
    }

    public void SyncDirectory(string path)
    {
        BeforeOpen("syncdir", path, 0, 0);
        if (_memory.DirectoryExists(path))
        {
            FailSyncIfDue(path, bytes: null);
        }

        _memory.SyncDirectory(path);
        After();
        Yield();
    }

    public void SyncFileSystem(string path)
    {
        BeforeOpen("syncfs", path, 0, 0);
        FailSyncIfDue(path, bytes: null);
        _memory.SyncFileSystem(path);
        After();
        Yield();
    }

    public long FreeBytes(string path)
    {
        ThrowIfCrashed();
        return FullFor > 0 ? 0 : _memory.FreeBytes(path);
    }

    public IDisposable? TryLock(string directory)
    {
        ThrowIfCrashed();
        return _memory.TryLock(directory);
    }

    public static long JournalNumber(string path) =>
        path.EndsWith(".journal", StringComparison.Ordinal) ? long.Parse(Path.GetFileNameWithoutExtension(path)) : -1;

    private static string Short(string path) => path.Length > 36 ? path[^36..] : path;

    private void NoteName(string path)
    {
        if (JournalNumber(path) is var number and >= 0)
        {
            Broken ??= number > _journalNumberUsed ? null : $"The journal's file number {number} is used again.";
        }
    }
}
