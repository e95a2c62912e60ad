using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;
using Broker.Storage.Workers;

namespace Broker.Engine;

/// <summary>The engine's parts, put together and brought to the end of the journal. Nothing runs yet.</summary>
internal sealed class EngineParts : IDisposable
{
    private readonly IDisposable _lock;
    private readonly ReplayResult _replay;
    private readonly bool _isNew;
    private readonly SnapshotLog _snapshots;
    private readonly StateCopy _copy;

    private EngineParts(
        IDisposable directoryLock, EngineState state, Sequences sequences, SnapshotLog snapshots, StateCopy copy, JournalFiles journalFiles,
        Checkpointer checkpointer, CheckpointWork? firstCheckpoint, StorageMetrics metrics, DiskGuard diskGuard, ReplayResult replay, bool isNew,
        EngineNotes notes, IWorkers workers)
    {
        _lock = directoryLock;
        State = state;
        Sequences = sequences;
        _snapshots = snapshots;
        _copy = copy;
        JournalFiles = journalFiles;
        Checkpointer = checkpointer;
        FirstCheckpoint = firstCheckpoint;
        Metrics = metrics;
        DiskGuard = diskGuard;
        _replay = replay;
        _isNew = isNew;
        Notes = notes;
        Progress = new LsnProgress(replay.End.Lsn);
        journalFiles.OnFailure(Progress.Fail);
        Committer = new GroupCommitter(
            new JournalWriter(journalFiles, replay.End, state.Incarnation + 1), Progress, metrics, workers);
    }

    public EngineNotes Notes { get; }

    /// <summary>What was kept of a damaged journal; null unless its loss was accepted.</summary>
    public SalvageReport? Salvage { get; private init; }

    public EngineState State { get; }

    public Sequences Sequences { get; }

    public Checkpointer Checkpointer { get; }

    /// <summary>The state at the journal's end, which is still to be made durable; null when that is done.</summary>
    public CheckpointWork? FirstCheckpoint { get; }

    /// <summary>What another recovery would read until then.</summary>
    public long ReplayedBytes => _replay.BytesRead;

    public StorageMetrics Metrics { get; }

    public DiskGuard DiskGuard { get; }

    public LsnProgress Progress { get; }

    public GroupCommitter Committer { get; }

    public JournalFiles JournalFiles { get; }

    /// <exception cref="StorageException">The directory is in use, damaged, of a newer format, or cannot be used.</exception>
    public static EngineParts Open(EngineOptions options, EngineEnvironment environment)
    {
        IDisk disk = environment.Disk;
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

        // A broker that was killed may have changed names and not synced them; what is found now must still be there later.
        foreach (string directory in (ReadOnlySpan<string>)[root, journalDirectory, stateDirectory])
        {
            disk.SyncDirectory(directory);
        }

        var notes = new EngineNotes();
        var metrics = new StorageMetrics();
        var copy = new StateCopy(environment.StateStore(Path.Combine(root, "rocksdb")), notes, environment.Workers);
        var snapshots = new SnapshotLog(disk, stateDirectory) { RewriteBytesMin = options.SnapshotRewriteBytesMin };
        try
        {
            var opening = new Opening(options, environment, root, journalDirectory, directoryLock, copy, snapshots, notes, metrics);
            return Recover(opening);
        }
        catch
        {
            metrics.Dispose();
            copy.Dispose();
            snapshots.Dispose();
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Lets the second copy of the state follow the first.</summary>
    public void BeginCopy() => _copy.Begin();

    public RecoveryReport Report(TimeSpan duration) => new(
        _isNew, State.Topics.Count(), State.Topics.Sum(t => t.Info.Partitions.Count), _replay.EntryCount, _replay.BytesRead,
        _replay.TornTail, duration);

    public void Dispose()
    {
        Committer.Dispose();
        JournalFiles.Dispose();
        _snapshots.Dispose();
        _copy.Dispose();
        Metrics.Dispose();
        _lock.Dispose();
    }

    private static EngineParts Recover(Opening opening)
    {
        StoredState? fromLog = opening.Snapshots.Load();
        if (fromLog is not null && opening.Snapshots.EndsCleanly && !opening.Options.AcceptsJournalLoss)
        {
            try
            {
                return RecoverFrom(fromLog, opening);
            }
            catch (CorruptLogException) when (StoredState.IsNewer(opening.Copy.Load(), fromLog))
            {
                // The snapshot log has lost its end at the border of two records; RocksDB has not.
            }
        }

        StoredState? fromStore = opening.Copy.Load();
        if (!StoredState.IsNewer(fromStore, fromLog))
        {
            return fromLog is null ? RecoverWithoutState(opening) : RecoverFrom(fromLog, opening);
        }

        long lsn = fromStore!.Checkpoint.Position.Lsn;
        opening.Notes.Add(
            $"The snapshot log ended at entry {fromLog?.Checkpoint.Position.Lsn ?? 0}, RocksDB at {lsn}: the snapshot log was made again.");
        return RecoverFrom(fromStore, opening, isSnapshotLost: true);
    }

    /// <summary>Nothing was ever written here, or both copies of the state are lost: the first checkpoint comes before any entry.</summary>
    private static EngineParts RecoverWithoutState(Opening opening)
    {
        try
        {
            return RecoverFrom(new StoredState(), opening);
        }
        catch (CorruptLogException e)
        {
            throw CorruptLogException.OfLostState(Path.Combine(opening.Root, "state"), Path.Combine(opening.Root, "rocksdb"), e);
        }
    }

    private static EngineParts RecoverFrom(StoredState stored, Opening opening, bool isSnapshotLost = false)
    {
        (EngineOptions options, IDisk disk) = (opening.Options, opening.Environment.Disk);
        StorageMetrics metrics = opening.Metrics;
        var files = new SegmentFiles(disk, opening.Root, options.RecycleBytesMax, metrics);
        files.Open.SyncedToClose = () => opening.Notes.Add(
            $"More partitions are written to than files may be open: this process may have {disk.OpenFilesMax}. Nothing is lost, but "
            + "writes wait for a sync whenever one file is closed for another; raise the limit (ulimit -n, LimitNOFILE).");
        var sequences = new Sequences(options.ProducerWindowBatches);
        var state = new EngineState(files, options.TopicDefaults, sequences.Gate, opening.Notes);

        // Without a state nobody knows which topics there are: then nothing can be kept.
        bool salvages = options.AcceptsJournalLoss && !stored.IsEmpty;
        using var journal = new JournalReplay(disk, opening.JournalDirectory, opening.Environment.Workers) { AcceptsLoss = salvages };
        bool isNew = stored.IsEmpty && journal.Files.Count == 0;
        var recovery = new Recovery(disk, state, sequences);
        SalvageReport? salvage = salvages ? recovery.Salvage(stored, journal) : null;
        ReplayResult replay = salvage is null
            ? recovery.Run(stored, journal)
            : salvage.Replay with { End = JournalPosition.Start with { Lsn = salvage.NewestLsn } };
        files.StartsWriteBack = true;

        if (isSnapshotLost)
        {
            opening.Snapshots.Replace(stored, stored.Checkpoint.Position.Lsn);
        }

        long nextNumber = Math.Max(stored.Checkpoint.NextJournalFileNumber, replay.HighestFileNumber + 1);
        var journalFiles = new JournalFiles(
            disk, opening.Environment.Workers, opening.JournalDirectory, options.JournalFileBytes, nextNumber,
            recycledBytesMax: 2 * options.JournalReplayBytesMax);
        foreach ((long number, string path) in salvage is null ? journal.Files : [])
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
        opening.Copy.MakeEqualTo(stored);
        var checkpointer = new Checkpointer(
            disk, opening.Root, state, sequences, opening.Snapshots, opening.Copy, journalFiles, metrics, opening.Environment.Workers);
        CheckpointWork? firstCheckpoint = checkpointer.Capture(replay.End);
        if (stored.IsEmpty || salvage is not null)
        {
            // From the first entry on there is a state, so that one that is lost is missed. What was salvaged begins anew likewise.
            checkpointer.Complete(firstCheckpoint, replay.End, waitForCopy: salvage is not null);
            firstCheckpoint = null;
        }

        if (salvage is not null)
        {
            PutAside(disk, opening, journal.Files);
        }

        var diskGuard = new DiskGuard(disk, opening.Root, (2 * options.JournalReplayBytesMax) + options.ReserveBytes);
        diskGuard.Refresh();
        return new EngineParts(
            opening.DirectoryLock, state, sequences, opening.Snapshots, opening.Copy, journalFiles, checkpointer, firstCheckpoint, metrics,
            diskGuard, replay, isNew, opening.Notes, opening.Environment.Workers)
        { Salvage = salvage };
    }

    /// <summary>Keeps a damaged journal where nobody writes over it. Should this be cut off, the rest of it counts as unused files.</summary>
    private static void PutAside(IDisk disk, Opening opening, IReadOnlyList<(long Number, string Path)> files)
    {
        string quarantine = Path.Combine(opening.Root, Inspection.Repair.QuarantineName);
        foreach (string changed in disk.CreateDirectory(quarantine))
        {
            disk.SyncDirectory(changed);
        }

        foreach ((_, string path) in files)
        {
            disk.Rename(path, Path.Combine(quarantine, Path.GetFileName(path)));
        }

        disk.SyncDirectory(quarantine);
        disk.SyncDirectory(opening.JournalDirectory);
    }

    /// <summary>What every attempt to recover needs.</summary>
    private sealed record Opening(
        EngineOptions Options, EngineEnvironment Environment, string Root, string JournalDirectory, IDisposable DirectoryLock, StateCopy Copy,
        SnapshotLog Snapshots, EngineNotes Notes, StorageMetrics Metrics);
}
