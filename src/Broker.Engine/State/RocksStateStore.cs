using Broker.Storage;
using Broker.Storage.Files;
using RocksDbSharp;

namespace Broker.Engine.State;

/// <summary>
/// State in RocksDB: one column family a kind, no write-ahead log (the journal is one), flushed together at each checkpoint.
/// Read back only when the snapshot log has nothing newer.
/// </summary>
internal sealed class RocksStateStore : IStateStore
{
    // RocksDB gives its errors as text, and in them what strerror says.
    private const string NoSpace = "No space left on device";

    private readonly string _path;
    private RocksDb? _db;

    // Made when the database is opened: the first touch of anything native binds the whole library, some 200 ms.
    private WriteOptions? _writeOptions;
    private FlushOptions? _flushOptions;
    private Dictionary<StateFamily, ColumnFamilyHandle> _families = [];

    public RocksStateStore(string path) => _path = path;

    /// <summary>Changes no file.</summary>
    public bool IsReadOnly { get; init; }

    public Checkpoint? ReadCheckpoint(out string? problem) => TryRead(
        () => _db!.Get(Checkpoint.Key, _families[StateFamily.Meta]) is { } bytes ? Checkpoint.Read(bytes) : null, out problem);

    public StoredState? Load(out string? problem) => TryRead(ReadAll, out problem);

    public void Write(StateChanges changes)
    {
        try
        {
            WriteAll(changes);
        }
        catch (RocksDbException e) when (e.Message.Contains(NoSpace, StringComparison.Ordinal))
        {
            // It takes nothing more until it is opened again; then it holds what was flushed before.
            Close();
            throw new DiskException("write", _path, position: -1, Libc.ENOSPC);
        }
    }

    private void WriteAll(StateChanges changes)
    {
        Open();
        using var batch = new WriteBatch();
        foreach (StateChange change in changes)
        {
            (ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) = change;
            ColumnFamilyHandle family = _families[change.Family];
            switch (change.Kind)
            {
                case StateChangeKind.Put:
                    batch.Put(key, value, family);
                    break;
                case StateChangeKind.Delete:
                    batch.Delete(key, family);
                    break;
                default:
                    DeletePrefix(batch, family, key);
                    break;
            }
        }

        _db!.Write(batch, _writeOptions);
        Flush();
    }

    public void Replace(StoredState state)
    {
        Close();
        if (Directory.Exists(_path))
        {
            Directory.Delete(_path, recursive: true);
        }

        using StateChanges puts = state.AsPuts();
        Write(puts);
    }

    public void Dispose() => Close();

    private StoredState ReadAll()
    {
        var puts = new StateChanges();
        foreach ((StateFamily family, ColumnFamilyHandle handle) in _families)
        {
            using Iterator iterator = _db!.NewIterator(handle);
            for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
            {
                puts.Put(family, iterator.GetKeySpan(), iterator.GetValueSpan());
            }

            // An iterator also ends where it meets damage.
            Native.Instance.rocksdb_iter_get_error(iterator.Handle);
        }

        var state = new StoredState(puts);
        return state.IsEmpty || state.Family(StateFamily.Meta).Count == 1
            ? state
            : throw new StorageException($"{_path} holds state without the checkpoint that it belongs to.");
    }

    private T? TryRead<T>(Func<T?> read, out string? problem)
        where T : class
    {
        problem = null;
        if (!Directory.Exists(_path))
        {
            return null;
        }

        try
        {
            Open();
            return read();
        }
        catch (Exception e) when (e is RocksDbException or StorageException)
        {
            problem = e.Message;
            return null;
        }
    }

    private void Open()
    {
        if (_db is not null)
        {
            return;
        }

        if (IsReadOnly)
        {
            OpenReadOnly();
            return;
        }

        Directory.CreateDirectory(_path);
        GiveLargeBlocksBack();
        DbOptions options = new DbOptions()
            .SetCreateIfMissing(true)
            .SetCreateMissingColumnFamilies(true)
            .SetParanoidChecks(true)
            .SetInfoLogLevel(InfoLogLevel.Warn)
            .SetKeepLogFileNum(2)
            .SetStatsDumpPeriodSec(0)
            .SetMaxOpenFiles(64);
#if BROKER_MUTANTS
        if (!Broker.Records.Mutant.Is("families-flushed-apart"))
#endif
        Native.Instance.rocksdb_options_set_atomic_flush(options.Handle, 1);
        var families = new ColumnFamilies();
        ColumnFamilyOptions familyOptions = new ColumnFamilyOptions().SetWriteBufferSize(8 << 20);
        foreach (StateFamily family in Enum.GetValues<StateFamily>())
        {
            families.Add(Name(family), familyOptions);
        }

        _writeOptions = new WriteOptions().DisableWal(1);
        _flushOptions = new FlushOptions().SetWaitForFlush(true);
        RocksDb db = RocksDb.Open(options, _path, families);
        _db = db;
        _families = Enum.GetValues<StateFamily>().ToDictionary(f => f, f => db.GetColumnFamily(Name(f)));
    }

    /// <summary>
    /// What a large checkpoint takes comes in blocks of 1 MiB. Once it has freed one of those, glibc keeps such blocks for itself,
    /// unless it is told from which size on they go back to the system.
    /// </summary>
    private static void GiveLargeBlocksBack()
    {
        const int FromBytes = 128 << 10;
        try
        {
            _ = Libc.MallOpt(Libc.M_MMAP_THRESHOLD, FromBytes);
        }
        catch (EntryPointNotFoundException)
        {
            // Another library, which keeps none.
        }
    }

    private void OpenReadOnly()
    {
        DbOptions options = new DbOptions().SetParanoidChecks(true).SetInfoLogLevel(InfoLogLevel.Warn).SetMaxOpenFiles(64);
        HashSet<string> there = [.. RocksDb.ListColumnFamilies(options, _path)];
        StateFamily[] present = [.. Enum.GetValues<StateFamily>().Where(f => there.Contains(Name(f)))];
        var families = new ColumnFamilies();
        foreach (StateFamily family in present)
        {
            families.Add(Name(family), new ColumnFamilyOptions());
        }

        RocksDb db = RocksDb.OpenReadOnly(options, _path, families, false);
        _db = db;
        _families = present.ToDictionary(f => f, f => db.GetColumnFamily(Name(f)));
    }

    private void DeletePrefix(WriteBatch batch, ColumnFamilyHandle family, ReadOnlySpan<byte> prefix)
    {
        using Iterator iterator = _db!.NewIterator(family);
        for (iterator.Seek(prefix.ToArray()); iterator.Valid(); iterator.Next())
        {
            byte[] key = iterator.Key();
            if (!key.AsSpan().StartsWith(prefix))
            {
                return;
            }

            batch.Delete(key, family);
        }
    }

    private void Flush()
    {
#if BROKER_MUTANTS
        if (Broker.Records.Mutant.Is("families-flushed-apart"))
        {
            foreach (ColumnFamilyHandle family in _families.OrderBy(f => f.Key == StateFamily.Meta ? 0 : 1).Select(f => f.Value))
            {
                Native.Instance.rocksdb_flush_cf(_db!.Handle, _flushOptions!.Handle, family.Handle);
            }

            return;
        }
#endif
        nint[] handles = [.. _families.Values.Select(f => f.Handle)];
        Native.Instance.rocksdb_flush_cfs(_db!.Handle, _flushOptions!.Handle, handles, handles.Length);
    }

    private void Close()
    {
        _db?.Dispose();
        _db = null;
        _families = [];
    }

    private static string Name(StateFamily family) =>
        family == StateFamily.Meta ? ColumnFamilies.DefaultName : family.ToString().ToLowerInvariant();
}
