using Broker.Records;
using Broker.Storage.Segments;

namespace Broker.Engine.Topics;

/// <summary>
/// One partition. Public members may be used from any thread and show only what is durable and visible. The decided state
/// belongs to the sequencer's lock, the log's writing side to the journal's thread.
/// </summary>
internal sealed class PartitionHandle
{
    private readonly Topic _topic;
    private readonly EngineNotes _notes;
    private readonly DamageReports _reports;
    private readonly string _dataDirectory;
    private long[] _acceptedLosses = [];
    private IWatcher[] _watchers = [];

    internal PartitionHandle(Topic topic, int partition, SegmentFiles files, EngineNotes notes, DamageReports reports)
    {
        _topic = topic;
        _notes = notes;
        _reports = reports;
        _dataDirectory = files.DataDirectory;
        Partition = partition;
        PrefixSeed = StoredBatch.PrefixSeed(topic.Id, partition);
        Log = new PartitionLog(files, topic.Id.ToString(), partition, PrefixSeed);
    }

    public TopicId TopicId => _topic.Id;

    public string TopicName => _topic.Name;

    public int Partition { get; }

    /// <summary>What the prefix checksums of this partition's batches start from.</summary>
    public uint PrefixSeed { get; }

    public TopicSettings Settings => _topic.Info.Settings;

    public long LogStartOffset => Log.LogStartOffset;

    /// <summary>The offset after the last readable record.</summary>
    public long HighWatermark => Log.HighWatermark;

    /// <summary>True when the topic was deleted: nothing more will come.</summary>
    public bool IsDeleted => Volatile.Read(ref _topic.IsDeleted);

    /// <summary>Damage was found that no operator has settled: the partition takes no records, what is intact is served.</summary>
    public bool IsQuarantined => IsQuarantinedFrom(LogStartOffset);

    /// <summary>What of the log cannot be read, in order; with what an operator has given up for ever.</summary>
    public IReadOnlyList<PartitionDamage> Damages =>
        [.. Log.Damages.Where(d => d.NextOffset > LogStartOffset).Select(d => new PartitionDamage(d, IsLossAccepted(d), PathOf(d)))];

    internal PartitionLog Log { get; }

    internal Topic Topic => _topic;

    /// <summary>Guarded by the sequencer's lock.</summary>
    internal DecidedLog Decided { get; } = new();

    /// <summary>On the list of partitions whose watchers are told after this group; the journal's thread only.</summary>
    internal bool IsNotifying { get; set; }

    /// <summary>On the list of partitions that the next checkpoint writes; the journal's thread only.</summary>
    internal bool IsStateDirty { get; set; }

    /// <summary>Reads whole batches, the first of which holds the offset. Empty at the high watermark.</summary>
    public ReadResult Read(long offset, int maxBytes)
    {
        while (true)
        {
            LogReadStatus status = Log.Read(offset, maxBytes, out LogSlice slice);
            if (status == LogReadStatus.Ok)
            {
                return new ReadResult(BrokerError.None, slice);
            }

            if (IsDeleted)
            {
                return new ReadResult(BrokerError.UnknownTopicOrPartition, default);
            }

            if (status == LogReadStatus.OffsetOutOfRange)
            {
                return new ReadResult(BrokerError.OffsetOutOfRange, default);
            }

            DamagedRange? range = Log.FindDamage(offset);
            bool isNew = range is not null && Report(range);
            if (range?.Holds(offset) ?? false)
            {
                return new ReadResult(BrokerError.DataLoss, default, range.NextOffset);
            }

            // Damage before the offset was in the way and is stepped over now; or the bytes read right the second time.
            if (!isNew && Log.Read(offset, maxBytes, out slice) is var again)
            {
                return again == LogReadStatus.Ok ? new ReadResult(BrokerError.None, slice) : new ReadResult(BrokerError.DataLoss, default);
            }
        }
    }

    /// <summary>
    /// Offset of the first record dated at or after the time; the high watermark when there is none. Damaged records have
    /// no time.
    /// </summary>
    public long OffsetForTimestamp(long timestampMs)
    {
        using var scratch = new DecompressionBuffer();
        while (true)
        {
            try
            {
                return Log.OffsetForTimestamp(timestampMs, scratch);
            }
            catch (DamagedBatchException e) when (Log.FindDamage(e.Offset) is { } range && Report(range))
            {
                // It is stepped over from now on.
            }
        }
    }

    /// <summary>Has the watcher called after each change, until it is removed.</summary>
    public void AddWatcher(IWatcher watcher)
    {
        lock (Log)
        {
            _watchers = [.. _watchers, watcher];
        }
    }

    public void RemoveWatcher(IWatcher watcher)
    {
        lock (Log)
        {
            _watchers = [.. _watchers.Where(w => w != watcher)];
        }
    }

    public PartitionStats Stats()
    {
        IReadOnlyList<Segment> segments = Log.Segments;
        long retention = Settings.RetentionMs;
        bool empty = segments.Count == 0 || HighWatermark == LogStartOffset;
        return new PartitionStats(
            LogStartOffset, HighWatermark, Log.SizeBytes, segments.Count,
            empty ? -1 : segments[^1].LastAppendMs,
            empty || retention == TopicSettings.Unlimited ? -1 : segments[0].LastAppendMs + retention);
    }

    /// <summary>Has damage remembered, decided on and told.</summary>
    /// <returns>False when it was known.</returns>
    internal bool Report(DamagedRange range)
    {
        if (!Log.AddDamage(range))
        {
            return false;
        }

        _notes.Add(Describe(range));
        _reports.Report(this, range);
        return true;
    }

    /// <summary>Tells again of what was found in an earlier run.</summary>
    internal void NoteDamages()
    {
        foreach (PartitionDamage damage in Damages.Where(d => !d.IsLossAccepted))
        {
            _notes.Add(Describe(damage.Range));
        }
    }

    internal bool IsQuarantinedFrom(long logStartOffset) =>
        Log.Damages.Any(d => d.NextOffset > logStartOffset && !IsLossAccepted(d));

    /// <summary>Takes up damage that was decided on.</summary>
    internal void Restore(DamagedRange range, bool isLossAccepted)
    {
        Log.AddDamage(range);
        if (isLossAccepted && !IsLossAccepted(range))
        {
            Volatile.Write(ref _acceptedLosses, [.. _acceptedLosses, range.FromOffset]);
        }
    }

    private bool IsLossAccepted(DamagedRange range) => Volatile.Read(ref _acceptedLosses).Contains(range.FromOffset);

    private string PathOf(DamagedRange range) =>
        Log.Segments.FirstOrDefault(s => s.BaseOffset == range.SegmentBaseOffset)?.LogPath ?? "";

    private string Describe(DamagedRange range) =>
        $"Topic {TopicName}, partition {Partition} is damaged: offsets {range.FromOffset} to {range.NextOffset - 1} cannot be read, "
        + $"{PathOf(range)} from byte {range.FromPosition} to {range.ToPosition}. No byte is changed, the rest is served, and the partition "
        + $"takes no records until you decide. Stop the broker and run: broker log repair {_dataDirectory}. Without stopping: broker topic trim past them, which drops them.";

    internal void NotifyWatchers()
    {
        foreach (IWatcher watcher in Volatile.Read(ref _watchers))
        {
            watcher.OnPartitionChanged();
        }
    }
}
