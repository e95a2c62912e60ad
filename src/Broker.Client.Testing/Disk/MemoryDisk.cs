using Broker.Storage.Files;

namespace Broker.Client.Testing.Disk;

/// <summary>
/// A file system in memory that forgets at a power cut whatever was not synced: bytes by sector, names by entry. Assumes the
/// least: a file's sync says nothing of its name.
/// </summary>
/// <remarks>Thread-safe. What a map shows is read without a lock, as it is with a real one.</remarks>
internal sealed class MemoryDisk : IDisk
{
    private const int ENOENT = 2, EEXIST = 17;
    private const long CapacityBytes = 1L << 40;

    private readonly Lock _gate = new();
    private readonly List<EntryChange> _unsynced = [];
    private EntryTable _cached = new();
    private EntryTable _durable = new();
    private bool _isTaken;

    public int OpenFilesMax => int.MaxValue;

    public IReadOnlyList<string> AllFiles
    {
        get
        {
            lock (_gate)
            {
                return [.. _cached.Files.Keys];
            }
        }
    }

    public IReadOnlyList<string> AllDirectories
    {
        get
        {
            lock (_gate)
            {
                return [.. _cached.Directories];
            }
        }
    }

    public MemoryBytes Bytes(string path)
    {
        lock (_gate)
        {
            return _cached.Files[path];
        }
    }

    /// <summary>The same once more as it is at one moment, with all that is not synced; taken by nobody.</summary>
    public MemoryDisk Copy()
    {
        lock (_gate)
        {
            var clones = new Dictionary<MemoryBytes, MemoryBytes>();
            var copy = new MemoryDisk { _cached = _cached.Clone(CloneOnce), _durable = _durable.Clone(CloneOnce) };
            copy._unsynced.AddRange(_unsynced.Select(c => c.File is { } file ? c with { File = CloneOnce(file) } : c));
            return copy;

            MemoryBytes CloneOnce(MemoryBytes bytes)
            {
                if (!clones.TryGetValue(bytes, out MemoryBytes? clone))
                {
                    clones[bytes] = clone = bytes.Clone();
                }

                return clone;
            }
        }
    }

    /// <summary>Ends the process that has taken the disk, and the machine: what was not synced is lost.</summary>
    /// <param name="chance">Keeps some of it, piece by piece; null keeps none.</param>
    /// <returns>The changes of names that were lost.</returns>
    public IReadOnlyList<EntryChange> CutPower(Chance? chance)
    {
        lock (_gate)
        {
            int keptPercent = chance?.Pick([0, 20, 50, 80, 100]) ?? 0;
            bool inOrder = chance?.Percent(40) ?? true;
            var lost = new List<EntryChange>();
            foreach (EntryChange change in _unsynced)
            {
                bool possible = inOrder ? lost.Count == 0 : !lost.Exists(change.DependsOn);
                if (possible && chance is not null && chance.Percent(keptPercent))
                {
                    _durable.Apply(change);
                }
                else
                {
                    lost.Add(change);
                }
            }

            _unsynced.Clear();
            _durable.DropOrphans();
            _cached = _durable.Clone();
            foreach (MemoryBytes file in _cached.Files.Values)
            {
                file.CutPower(chance);
            }

            _isTaken = false;
            return lost;
        }
    }

    /// <summary>Ends the process that has taken the disk; what it wrote is still in the page cache.</summary>
    public void EndProcess()
    {
        lock (_gate)
        {
            _isTaken = false;
        }
    }

    /// <summary>Loses a file, as a bad disk does.</summary>
    public void Remove(string path)
    {
        lock (_gate)
        {
            _cached.Files.Remove(path);
            _durable.Files.Remove(path);
        }
    }

    public IDiskFile Open(string path, FileOpening opening)
    {
        lock (_gate)
        {
            bool exists = _cached.Files.TryGetValue(path, out MemoryBytes? bytes);
            if (exists && opening == FileOpening.New)
            {
                throw Failed("open", path, EEXIST);
            }

            if (!exists)
            {
                if (opening is FileOpening.Existing or FileOpening.ReadOnly || !_cached.Directories.Contains(Path.GetDirectoryName(path)!))
                {
                    throw Failed("open", path, ENOENT);
                }

                bytes = new MemoryBytes();
                ChangeLocked(new EntryChange(EntryChangeKind.Create, path, File: bytes));
            }

            return new MemoryFile(_gate, path, bytes!);
        }
    }

    public bool FileExists(string path)
    {
        lock (_gate)
        {
            return _cached.Files.ContainsKey(path);
        }
    }

    public bool DirectoryExists(string path)
    {
        lock (_gate)
        {
            return _cached.Directories.Contains(path);
        }
    }

    public IReadOnlyList<string> CreateDirectory(string path)
    {
        lock (_gate)
        {
            var missing = new Stack<string>();
            for (string? at = path; at is not null && !_cached.Directories.Contains(at); at = Path.GetDirectoryName(at))
            {
                missing.Push(at);
            }

            var parents = new List<string>();
            foreach (string directory in missing)
            {
                ChangeLocked(new EntryChange(EntryChangeKind.MakeDirectory, directory));
                parents.Add(Path.GetDirectoryName(directory)!);
            }

            return parents;
        }
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_gate)
        {
            return [.. _cached.Files.Keys.Where(p => Path.GetDirectoryName(p) == directory)];
        }
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_gate)
        {
            return [.. _cached.Directories.Where(p => Path.GetDirectoryName(p) == directory)];
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            if (!_cached.Files.TryGetValue(from, out MemoryBytes? bytes) || !_cached.Directories.Contains(Path.GetDirectoryName(to)!))
            {
                throw Failed("rename", from, ENOENT);
            }

            ChangeLocked(new EntryChange(EntryChangeKind.Rename, from, to, bytes));
        }
    }

    public void DeleteFile(string path)
    {
        lock (_gate)
        {
            if (_cached.Files.ContainsKey(path))
            {
                ChangeLocked(new EntryChange(EntryChangeKind.Delete, path));
            }
        }
    }

    public void DeleteDirectory(string path)
    {
        lock (_gate)
        {
            foreach (string file in ListFiles(path))
            {
                DeleteFile(file);
            }

            foreach (string directory in ListDirectories(path))
            {
                DeleteDirectory(directory);
            }

            if (_cached.Directories.Contains(path))
            {
                ChangeLocked(new EntryChange(EntryChangeKind.RemoveDirectory, path));
            }
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            if (!_cached.Directories.Contains(path))
            {
                throw Failed("open", path, ENOENT);
            }

            var needed = new HashSet<EntryChange>(ReferenceEqualityComparer.Instance);
            for (int i = _unsynced.Count - 1; i >= 0; i--)
            {
                EntryChange change = _unsynced[i];
                if (change.ChangesDirectory(path) || needed.Any(later => later.DependsOn(change)))
                {
                    needed.Add(change);
                }
            }

            MakeDurableLocked(needed.Contains);
        }
    }

    public void SyncFileSystem(string path)
    {
        lock (_gate)
        {
            MakeDurableLocked(_ => true);
            foreach (MemoryBytes bytes in _cached.Files.Values)
            {
                bytes.Sync();
            }
        }
    }

    public long FreeBytes(string path) => CapacityBytes;

    public IDisposable? TryLock(string directory)
    {
        lock (_gate)
        {
            if (_isTaken)
            {
                return null;
            }

            _isTaken = true;
            return new Taking(this);
        }
    }

    private static DiskException Failed(string operation, string path, int errno) => new(operation, path, position: -1, errno);

    private void MakeDurableLocked(Predicate<EntryChange> which)
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

    private void ChangeLocked(EntryChange change)
    {
        _cached.Apply(change);
        _unsynced.Add(change);
    }

    private sealed class Taking(MemoryDisk disk) : IDisposable
    {
        public void Dispose() => disk.EndProcess();
    }
}
