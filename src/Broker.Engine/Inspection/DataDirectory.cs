using Broker.Engine.Entries;
using Broker.Engine.State;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine.Inspection;

/// <summary>
/// A data directory, looked at while no broker runs on it. Reads only: not one byte, name or time stamp is changed by us.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly PosixDisk _disk = new();
    private readonly string _root;
    private readonly StoredState _stored;
    private readonly JournalReplay _journal;

    private DataDirectory(string root, StoredState stored)
    {
        _root = root;
        _stored = stored;
        _journal = new JournalReplay(_disk, Path.Combine(root, "journal"), workers: null);
    }

    /// <exception cref="StorageException">There is no data directory, a broker runs on it, or it has a newer format.</exception>
    public static DataDirectory Open(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new StorageException("A broker's files are looked at where it runs, on Linux or macOS: do it in its container, or in WSL 2.");
        }

        string root = Path.GetFullPath(path);
        var disk = new PosixDisk();
        if (!disk.DirectoryExists(Path.Combine(root, "journal")))
        {
            ThrowIfDenied(root);
            string why = File.Exists(root) ? "is a file, not a broker's data directory"
                : Directory.Exists(root) ? "is not a broker's data directory: it has no folder named journal"
                : "does not exist";
            throw new StorageException($"{root} {why}.");
        }

        if (disk.FileExists(Path.Combine(root, "lock")))
        {
            using IDisposable? free = disk.TryLock(root);
            if (free is null)
            {
                throw new StorageException($"A broker runs on {root}. Stop it first.");
            }
        }

        return new DataDirectory(root, LoadState(disk, root));
    }

    /// <summary>Everything that the newest checkpoint knows, family by family, in the order of the keys.</summary>
    public IEnumerable<StateRecord> State() => StateRecord.All(_stored);

    /// <summary>Bytes of all segments at the newest checkpoint.</summary>
    public long CheckpointedBytes => _stored.Family(StateFamily.Segments)
        .Sum(s => (long)StateValues.ReadSegment(StateKeys.ReadNumber(s.Key.Span), s.Value.Span).EndPosition);

    public void Dispose() => _journal.Dispose();

    /// <summary>The frames of the journal, file by file, up to the first in each that is not intact.</summary>
    public IEnumerable<FrameInfo> Frames() => _journal.Files.SelectMany(f => FramesOf(f.Number, f.Path));

    /// <summary>Every segment that the newest checkpoint knows, with what the journal adds.</summary>
    /// <exception cref="CorruptLogException">The journal is damaged.</exception>
    public IReadOnlyList<SegmentInfo> Segments()
    {
        var view = new JournalView(_stored);
        _journal.Read(_stored.Checkpoint.Position, view);
        return view.Segments(_root);
    }

    /// <summary>The batches of one segment, up to its end or to the first that is damaged.</summary>
    public IEnumerable<BatchInfo> Batches(SegmentInfo segment)
    {
        uint seed = StoredBatch.PrefixSeed(new TopicId(Guid.Parse(segment.TopicId)), segment.Partition);
        using var walk = new SegmentWalk(_disk, segment, seed);
        while (walk.Next() is { } batch)
        {
            yield return batch;
        }
    }

    /// <summary>Reads everything and checks every checksum, every offset and the journal's chain.</summary>
    /// <param name="progress">Told the path and size of each segment before it is read; may be null.</param>
    /// <param name="onlyTopic">Name or id of the topic whose segments are read, beside the whole journal; null for all.</param>
    /// <exception cref="StorageException">There is no such topic.</exception>
    public VerifyResult Verify(Action<string, long>? progress, string? onlyTopic = null)
    {
        var problems = new List<Problem>();
        var view = new JournalView(_stored);
        ReplayResult? journal = null;
        try
        {
            journal = _journal.Read(_stored.Checkpoint.Position, view);
        }
        catch (CorruptLogException e)
        {
            problems.Add(new Problem(e.Path, e.Position, e.Message));
        }

        IReadOnlyList<SegmentInfo> segments = view.Segments(_root);
        SegmentInfo[] read = [.. segments.Where(s => onlyTopic is null || s.Topic == onlyTopic || s.TopicId == onlyTopic)];
        if (onlyTopic is not null && journal is not null && !view.Has(onlyTopic))
        {
            throw new StorageException($"{_root} holds no topic \"{onlyTopic}\".");
        }

        var tally = new Tally { Bytes = journal?.BytesRead ?? 0 };
        foreach (SegmentInfo segment in read)
        {
            progress?.Invoke(segment.Path, segment.EndPosition);
            Walk(segment, view, tally, problems);
        }

        NoteOpenDamages(view, problems);
        if (journal is not null)
        {
            CheckJournalsEnd(view, segments, journal.End.Lsn, problems);
        }

        return new VerifyResult(
            onlyTopic is null ? view.TopicCount : 1, read.Length, tally.Batches, tally.Records, tally.Bytes, journal?.EntryCount ?? 0, journal?.TornTail, tally.GivenUp,
            problems);
    }

    /// <summary>The newer of the two copies of the state, which a start would take.</summary>
    private static StoredState LoadState(IDisk disk, string root)
    {
        using var snapshots = new SnapshotLog(disk, Path.Combine(root, "state"));
        using var copy = new RocksStateStore(Path.Combine(root, "rocksdb")) { IsReadOnly = true };
        StoredState? ofLog = snapshots.Load();
        StoredState? ofCopy = copy.Load(out _);
        return (StoredState.IsNewer(ofCopy, than: ofLog) ? ofCopy : ofLog) ?? new StoredState();
    }

    private void Walk(SegmentInfo segment, JournalView view, Tally tally, List<Problem> problems)
    {
        using var walk = new SegmentWalk(_disk, segment, StoredBatch.PrefixSeed(new TopicId(Guid.Parse(segment.TopicId)), segment.Partition));
        while (true)
        {
            while (walk.Next() is { } batch)
            {
                tally.Add(batch.RecordCount, batch.SizeBytes);
            }

            if (walk.Problem is not { } problem)
            {
                return;
            }

            if (view.WaitingAt(segment, walk.Position) is { } waiting)
            {
                tally.Add(waiting.RecordCount, waiting.SizeBytes);
                walk.StepOver(waiting);
                continue;
            }

            DamagedRange? range = walk.StepOver();
            if (range is not null && view.IsLossAccepted(segment, range.FromOffset))
            {
                tally.GivenUp += range.NextOffset - range.FromOffset;
                continue;
            }

            problems.Add(range is null ? problem : Extended(problem, range));
        }
    }

    /// <summary>Damage that was found before and put right since still waits for a word: a start does not serve it.</summary>
    private void NoteOpenDamages(JournalView view, List<Problem> problems)
    {
        foreach ((string topic, TopicId id, int partition, DamagedRange range) in view.OpenDamages)
        {
            string directory = Path.Combine(_root, "topics", id.ToString(), partition.ToString());
            string path = SegmentFiles.LogPath(directory, range.SegmentBaseOffset);
            if (!problems.Any(p => p.Path == path && p.Position == range.FromPosition))
            {
                problems.Add(new Problem(
                    path, range.FromPosition,
                    $"Topic {topic}, partition {partition}: offsets {range.FromOffset} to {range.NextOffset - 1} were found damaged, {path} from byte "
                    + $"{range.FromPosition} to {range.ToPosition}. They can be read again, and wait for: broker log repair {_root}"));
            }
        }
    }

    private void CheckJournalsEnd(JournalView view, IReadOnlyList<SegmentInfo> segments, long lastLsn, List<Problem> problems)
    {
        Dictionary<(string, int), SegmentInfo> last = segments.Where(s => !s.IsSealed).ToDictionary(s => (s.TopicId, s.Partition));
        string topics = Path.Combine(_root, "topics");
        try
        {
            foreach ((TopicId topic, int partition, long nextOffset) in view.Partitions)
            {
                SegmentInfo? segment = last.GetValueOrDefault((topic.ToString(), partition));
                LostEntries.Check(
                    _disk, Path.Combine(topics, topic.ToString(), partition.ToString()), segment is null ? null : (segment.Path, segment.EndPosition),
                    nextOffset, StoredBatch.PrefixSeed(topic, partition), lastLsn);
            }

            LostEntries.CheckUnknownTopics(_disk, _disk.DirectoryExists(topics) ? _disk.ListDirectories(topics) : [], view.Knows, lastLsn);
        }
        catch (CorruptLogException e)
        {
            problems.Add(new Problem(e.Path, e.Position, e.Message));
        }
    }

    private static Problem Extended(Problem problem, DamagedRange range)
    {
        string offsets = range.NextOffset - range.FromOffset == 1 ? $"Offset {range.FromOffset} is" : $"Offsets {range.FromOffset} to {range.NextOffset - 1} are";
        return problem with { Description = $"{problem.Description} {offsets} damaged, up to byte {range.ToPosition}." };
    }

    private List<FrameInfo> FramesOf(long number, string path)
    {
        var frames = new List<FrameInfo>();
        using IDiskFile file = _disk.Open(path, FileOpening.ReadOnly);
        byte[] bytes = new byte[file.Length];
        int read = file.Read(0, bytes);
        long position = JournalFormat.BlockBytes;
        while (position < read && JournalFrame.TryOpen(bytes.AsSpan((int)position, read - (int)position), number, out JournalFrame frame))
        {
            string kind = frame.Kind == JournalFormat.MarkKind ? "mark" : KindName((EntryKind)frame.Kind);
            frames.Add(new FrameInfo(Path.GetFileName(path), position, frame.Lsn, kind, frame.SizeBytes, frame.DurableUpTo, frame.IsGroupLast));
            position += JournalFormat.AlignFrame(frame.SizeBytes);
            position = frame.IsGroupLast ? JournalFormat.AlignBlock(position) : position;
        }

        return frames;
    }

    private static string KindName(EntryKind kind) => kind switch
    {
        EntryKind.Append => "append",
        EntryKind.TopicCreated => "topic-created",
        EntryKind.TopicDeleted => "topic-deleted",
        EntryKind.TopicAltered => "topic-altered",
        EntryKind.LogStartAdvanced => "log-start-advanced",
        EntryKind.ProducerIdGiven => "producer-id-given",
        EntryKind.Incarnation => "incarnation",
        EntryKind.DamageFound => "damage-found",
        EntryKind.DamageSettled => "damage-settled",
        EntryKind.ProducerOpened => "producer-opened",
        EntryKind.ProducersForgotten => "producers-forgotten",
        EntryKind.TransactionCommitted => "transaction-committed",
        EntryKind.OffsetsCommitted => "offsets-committed",
        _ => $"kind-{(byte)kind}",
    };

    /// <summary>What a user may not look into looks as if it were empty.</summary>
    private static void ThrowIfDenied(string root)
    {
        try
        {
            _ = Directory.Exists(root) ? Directory.GetFileSystemEntries(root) : [];
        }
        catch (UnauthorizedAccessException)
        {
            throw new StorageException($"{root} may not be read by this user. Run the command as the user that the broker runs as.");
        }
    }

    /// <summary>What a verification has counted so far.</summary>
    private sealed class Tally
    {
        public long Batches { get; private set; }

        public long Records { get; private set; }

        public long Bytes { get; set; }

        public long GivenUp { get; set; }

        public void Add(int records, int bytes)
        {
            Batches++;
            Records += records;
            Bytes += bytes;
        }
    }
}
