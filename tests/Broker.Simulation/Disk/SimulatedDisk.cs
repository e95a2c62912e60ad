using Broker.Simulation.Schedule;
using Broker.Storage.Files;

namespace Broker.Simulation.Disk;

/// <summary>
/// A file system in memory that forgets on a power cut whatever was not synced: bytes by sector, names by entry. Assumes the
/// least: a file's sync says nothing of its name. It is also the scheduler's clock: at writes and syncs, where the engine
/// holds no lock, others may run, and at any call the process may end.
/// </summary>
internal sealed class SimulatedDisk(Chance chance, Trace trace) : IDisk
{
    private const int ENOENT = 2, EIO = 5, ENOMEM = 12, EEXIST = 17, ENOSPC = 28;

    private readonly List<EntryChange> _unsynced = [];
    private EntryTable _cached = new();
    private EntryTable _durable = new();
    private bool _locked;
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

    public IEnumerable<string> AllFiles => _cached.Files.Keys;

    public IEnumerable<string> AllDirectories => _cached.Directories;

    public SimulatedBytes Bytes(string path) => _cached.Files[path];

    /// <summary>The number of the newest journal file that frames were written to.</summary>
    public long JournalNumberUsed => _journalNumberUsed;

    /// <summary>The same once more, with all that is not synced.</summary>
    public SimulatedDisk Copy(Chance otherChance)
    {
        var clones = new Dictionary<SimulatedBytes, SimulatedBytes>();
        var copy = new SimulatedDisk(otherChance, trace)
        {
            _cached = _cached.Clone(CloneOnce),
            _durable = _durable.Clone(CloneOnce),
            _journalNumberUsed = _journalNumberUsed,
        };
        copy._unsynced.AddRange(_unsynced.Select(c => c.File is { } file ? c with { File = CloneOnce(file) } : c));
        return copy;

        SimulatedBytes CloneOnce(SimulatedBytes bytes)
        {
            if (!clones.TryGetValue(bytes, out SimulatedBytes? clone))
            {
                clones[bytes] = clone = bytes.Clone();
            }

            return clone;
        }
    }

    public void Remove(string path)
    {
        _cached.Files.Remove(path);
        _durable.Files.Remove(path);
    }

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
        _locked = false;
        foreach (SimulatedBytes file in _cached.Files.Values)
        {
            file.IsClosedUnsynced = false;
        }
    }

    /// <summary>And the machine too: what was not synced is kept or lost, piece by piece.</summary>
    public void CutPower()
    {
        EndProcess();
        int keptPercent = chance.Pick([0, 20, 50, 80, 100]);
        bool inOrder = chance.Percent(40);
        var lost = new List<EntryChange>();
        foreach (EntryChange change in _unsynced)
        {
            bool possible = inOrder ? lost.Count == 0 : !lost.Exists(change.DependsOn);
            if (possible && chance.Percent(keptPercent))
            {
                _durable.Apply(change);
            }
            else
            {
                lost.Add(change);
                LostRenameCount += change.Kind == EntryChangeKind.Rename ? 1 : 0;
            }
        }

        _unsynced.Clear();
        _durable.DropOrphans();
        _cached = _durable.Clone();
        foreach (SimulatedBytes file in _cached.Files.Values)
        {
            file.CutPower(chance);
        }
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

    public void FailSyncIfDue(string path, SimulatedBytes? bytes)
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
        bool exists = _cached.Files.TryGetValue(path, out SimulatedBytes? bytes);
        if (!exists && opening is (FileOpening.Existing or FileOpening.ReadOnly))
        {
            throw new DiskException("open", path, -1, ENOENT);
        }

        if (exists && opening == FileOpening.New)
        {
            throw new DiskException("open", path, -1, EEXIST);
        }

        if (!exists)
        {
            if (!_cached.Directories.Contains(Path.GetDirectoryName(path)!))
            {
                throw new DiskException("open", path, -1, ENOENT);
            }

            FailWhenFull(path, -1);
            bytes = new SimulatedBytes();
            Change(new EntryChange(EntryChangeKind.Create, path, File: bytes));
        }

        // After a failed sync the rest of a checkpoint is not synced: nothing is acked any more, so nothing rests on it.
        if (exists && opening == FileOpening.Existing && bytes!.IsClosedUnsynced && !SyncHasFailed)
        {
            Broken ??= $"{path} was closed with bytes that are not synced, and is opened again.";
        }

        After();
        return new SimulatedFile(this, path, bytes!);
    }

    public bool FileExists(string path)
    {
        ThrowIfCrashed();
        return _cached.Files.ContainsKey(path);
    }

    public bool DirectoryExists(string path)
    {
        ThrowIfCrashed();
        return _cached.Directories.Contains(path);
    }

    public IReadOnlyList<string> CreateDirectory(string path)
    {
        var missing = new Stack<string>();
        for (string? at = path; at is not null && !_cached.Directories.Contains(at); at = Path.GetDirectoryName(at))
        {
            missing.Push(at);
        }

        var parents = new List<string>();
        foreach (string directory in missing)
        {
            Before("mkdir", directory, 0, 0);
            Change(new EntryChange(EntryChangeKind.MakeDirectory, directory));
            parents.Add(Path.GetDirectoryName(directory)!);
            After();
        }

        return parents;
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        Before("list", directory, 0, 0);
        return [.. _cached.Files.Keys.Where(p => Path.GetDirectoryName(p) == directory)];
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        Before("list", directory, 1, 0);
        return [.. _cached.Directories.Where(p => Path.GetDirectoryName(p) == directory)];
    }

    public void Rename(string from, string to)
    {
        Before("rename", from, 0, 0);
        if (!_cached.Files.TryGetValue(from, out SimulatedBytes? bytes) || !_cached.Directories.Contains(Path.GetDirectoryName(to)!))
        {
            throw new DiskException("rename", from, -1, ENOENT);
        }

        RecycledCount += to.EndsWith(".snapshot", StringComparison.Ordinal) || to.Contains("/recycle/", StringComparison.Ordinal) ? 0 : 1;
        bytes.IsClosedUnsynced = false;
        Change(new EntryChange(EntryChangeKind.Rename, from, to, bytes));
        After();
    }

    public void DeleteFile(string path)
    {
        Before("unlink", path, 0, 0);
        if (_cached.Files.ContainsKey(path))
        {
            Change(new EntryChange(EntryChangeKind.Delete, path));
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
        if (_cached.Directories.Contains(path))
        {
            Change(new EntryChange(EntryChangeKind.RemoveDirectory, path));
        }

        After();
    }

    public void SyncDirectory(string path)
    {
        BeforeOpen("syncdir", path, 0, 0);
        if (!_cached.Directories.Contains(path))
        {
            throw new DiskException("open", path, -1, ENOENT);
        }

        FailSyncIfDue(path, bytes: null);
        var needed = new HashSet<EntryChange>(ReferenceEqualityComparer.Instance);
        for (int i = _unsynced.Count - 1; i >= 0; i--)
        {
            EntryChange change = _unsynced[i];
            if (change.ChangesDirectory(path) || needed.Any(later => later.DependsOn(change)))
            {
                needed.Add(change);
            }
        }

        MakeDurable(needed.Contains);
        After();
        Yield();
    }

    public void SyncFileSystem(string path)
    {
        BeforeOpen("syncfs", path, 0, 0);
        FailSyncIfDue(path, bytes: null);
        MakeDurable(_ => true);
        foreach (SimulatedBytes bytes in _cached.Files.Values)
        {
            bytes.Sync();
        }

        After();
        Yield();
    }

    public long FreeBytes(string path)
    {
        ThrowIfCrashed();
        return FullFor > 0 ? 0 : 1L << 40;
    }

    public IDisposable? TryLock(string directory)
    {
        ThrowIfCrashed();
        if (_locked)
        {
            return null;
        }

        _locked = true;
        return new Lock(this);
    }

    public static long JournalNumber(string path) =>
        path.EndsWith(".journal", StringComparison.Ordinal) ? long.Parse(Path.GetFileNameWithoutExtension(path)) : -1;

    private static string Short(string path) => path.Length > 36 ? path[^36..] : path;

    private void MakeDurable(Predicate<EntryChange> which)
    {
        foreach (EntryChange change in _unsynced)
        {
            if (which(change))
            {
                _durable.Apply(change);
            }
        }

        _unsynced.RemoveAll(which);
    }

    private void Change(EntryChange change)
    {
        if (change.Kind is EntryChangeKind.Create or EntryChangeKind.Rename && JournalNumber(change.To ?? change.Path) is var number and >= 0)
        {
            Broken ??= number > _journalNumberUsed ? null : $"The journal's file number {number} is used again.";
        }

        _cached.Apply(change);
        _unsynced.Add(change);
    }

    private sealed class Lock(SimulatedDisk disk) : IDisposable
    {
        public void Dispose() => disk._locked = false;
    }
}
