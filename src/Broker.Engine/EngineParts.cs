using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>The engine's parts, put together and brought to the end of the journal. Nothing runs yet.</summary>
internal sealed class EngineParts : IDisposable
{
    private readonly IDisposable _lock;
    private readonly List<string> _notes;
    private readonly ReplayResult _replay;
    private readonly bool _isNew;
    private readonly SnapshotLog _snapshots;
    private readonly IStateStore _store;
    private readonly JournalFiles _journalFiles;

    private EngineParts(
        IDisposable directoryLock, EngineState state, Sequences sequences, SnapshotLog snapshots, IStateStore store, JournalFiles journalFiles,
        Checkpointer checkpointer, StorageMetrics metrics, DiskGuard diskGuard, ReplayResult replay, bool isNew, List<string> notes)
    {
        _lock = directoryLock;
        State = state;
        Sequences = sequences;
        _snapshots = snapshots;
        _store = store;
        _journalFiles = journalFiles;
        Checkpointer = checkpointer;
        Metrics = metrics;
        DiskGuard = diskGuard;
        _replay = replay;
        _isNew = isNew;
        _notes = notes;
        Progress = new LsnProgress(replay.End.Lsn);
        Committer = new GroupCommitter(
            new JournalWriter(journalFiles, replay.End, state.Incarnation + 1), Progress, metrics);
    }

    public EngineState State { get; }

    public Sequences Sequences { get; }

    public Checkpointer Checkpointer { get; }

    public StorageMetrics Metrics { get; }

    public DiskGuard DiskGuard { get; }

    public LsnProgress Progress { get; }

    public GroupCommitter Committer { get; }

    /// <exception cref="StorageException">The directory is in use, damaged, of a newer format, or cannot be used.</exception>
    public static EngineParts Open(EngineOptions options, IDisk disk)
    {
        string root = Path.GetFullPath(options.DataDirectory);
        string journalDirectory = Path.Combine(root, "journal");
        string stateDirectory = Path.Combine(root, "state");
        foreach (string directory in (ReadOnlySpan<string>)[root, journalDirectory, stateDirectory])
        {
            foreach (string changed in disk.CreateDirectory(directory))
            {
                disk.SyncDirectory(changed);
            }
        }

        IDisposable directoryLock = disk.TryLock(root)
            ?? throw new StorageException($"The data directory {root} is in use by another broker. Stop that one, or choose another directory with --data_dir.");
        var store = new RocksStateStore(Path.Combine(root, "rocksdb"));
        var snapshots = new SnapshotLog(disk, stateDirectory);
        try
        {
            return Recover(options, disk, root, journalDirectory, directoryLock, store, snapshots);
        }
        catch
        {
            store.Dispose();
            snapshots.Dispose();
            directoryLock.Dispose();
            throw;
        }
    }

    public RecoveryReport Report(TimeSpan duration) => new(
        _isNew, State.Topics.Count(), State.Topics.Sum(t => t.Info.Partitions.Count), _replay.EntryCount, _replay.BytesRead,
        _replay.TornTail, duration, _notes);

    public void Dispose()
    {
        Committer.Dispose();
        _journalFiles.Dispose();
        _snapshots.Dispose();
        _store.Dispose();
        Metrics.Dispose();
        _lock.Dispose();
    }

    private static EngineParts Recover(
        EngineOptions options, IDisk disk, string root, string journalDirectory, IDisposable directoryLock, RocksStateStore store,
        SnapshotLog snapshots)
    {
        var notes = new List<string>();
        var metrics = new StorageMetrics();
        var files = new SegmentFiles(disk, root, options.RecycleBytesMax, metrics);
        var sequences = new Sequences(options.ProducerWindowBatches);
        var state = new EngineState(files, options.TopicDefaults, sequences.Gate);
        StoredState stored = NewestState(snapshots, store, notes, out bool storeIsBehind);
        using var journal = new JournalReplay(disk, journalDirectory);
        bool isNew = stored.Count == 0 && journal.Files.Count == 0;
        ReplayResult replay = new Recovery(disk, state, sequences).Run(stored, journal);

        long nextNumber = Math.Max(stored.Checkpoint.NextJournalFileNumber, replay.HighestFileNumber + 1);
        var journalFiles = new JournalFiles(disk, journalDirectory, options.JournalFileBytes, nextNumber, 2 * options.JournalReplayBytesMax);
        foreach ((long number, string path) in journal.Files)
        {
            if (number <= replay.End.FileNumber)
            {
                journalFiles.AdoptExisting(number, path);
            }
            else
            {
                journalFiles.AdoptUnused(path);
            }
        }

        journalFiles.StartPreparing();
        if (storeIsBehind)
        {
            store.Replace(stored);
        }

        var checkpointer = new Checkpointer(disk, root, state, sequences, snapshots, store, journalFiles, metrics);
        checkpointer.Complete(checkpointer.Capture(replay.End), replay.End);
        var diskGuard = new DiskGuard(disk, root, (2 * options.JournalReplayBytesMax) + options.ReserveBytes);
        diskGuard.Refresh();
        return new EngineParts(
            directoryLock, state, sequences, snapshots, store, journalFiles, checkpointer, metrics, diskGuard, replay, isNew, notes);
    }

    /// <summary>The newer of the two copies of the state. RocksDB is made again when it is not the newer one.</summary>
    private static StoredState NewestState(SnapshotLog snapshots, RocksStateStore store, List<string> notes, out bool storeIsBehind)
    {
        StoredState? fromLog = snapshots.Load();
        StoredState? fromStore = store.Load(out string? problem);
        if (problem is not null)
        {
            notes.Add($"RocksDB could not be read and was made again from the snapshot log: {problem}");
        }

        long logLsn = fromLog?.Checkpoint.Position.Lsn ?? -1;
        long storeLsn = fromStore?.Checkpoint.Position.Lsn ?? -1;
        storeIsBehind = storeLsn < logLsn || problem is not null;
        if (storeLsn < logLsn && problem is null)
        {
            string found = fromStore is null ? "missing" : $"at entry {storeLsn}";
            notes.Add($"RocksDB was {found}, the snapshot log at entry {logLsn}: RocksDB was made again.");
        }

        if (storeLsn > logLsn && fromStore is not null)
        {
            notes.Add($"The snapshot log ended at entry {logLsn}, RocksDB at {storeLsn}: the snapshot log was made again.");
            snapshots.Replace(fromStore, storeLsn);
            return fromStore;
        }

        return fromLog ?? new StoredState();
    }
}
