using Broker.Engine.Producers;
using Broker.Records;
using Broker.Storage.Segments;

namespace Broker.Engine.Topics;

/// <summary>
/// One partition. Public members may be used from any thread and show only what is durable and visible. The decided state
/// belongs to the sequencer's lock, the log's writing side to the journal's thread.
/// </summary>
public sealed class PartitionHandle
{
    private readonly Topic _topic;
    private readonly EngineNotes _notes;
    private string? _damage;
    private IWatcher[] _watchers = [];

    internal PartitionHandle(Topic topic, int partition, SegmentFiles files, EngineNotes notes)
    {
        _topic = topic;
        _notes = notes;
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

    /// <summary>The first damage that a read met in this run, as a sentence; null when there was none.</summary>
    public string? Damage => Volatile.Read(ref _damage);

    internal PartitionLog Log { get; }

    internal Topic Topic => _topic;

    /// <summary>Guarded by the sequencer's lock.</summary>
    internal DecidedLog Decided { get; } = new();

    /// <summary>By producer id; guarded by the sequencer's lock.</summary>
    internal Dictionary<long, ProducerWindow> Windows { get; } = [];

    /// <summary>On the list of partitions whose watchers are told after this group; the journal's thread only.</summary>
    internal bool IsNotifying { get; set; }

    /// <summary>On the list of partitions that the next checkpoint writes; the journal's thread only.</summary>
    internal bool IsStateDirty { get; set; }

    /// <summary>Reads whole batches, the first of which holds the offset. Empty at the high watermark.</summary>
    public ReadResult Read(long offset, int maxBytes)
    {
        LogReadStatus status = Log.Read(offset, maxBytes, out LogSlice slice);
        return status switch
        {
            LogReadStatus.Ok => new ReadResult(BrokerError.None, slice),
            _ when IsDeleted => new ReadResult(BrokerError.UnknownTopicOrPartition, default),
            LogReadStatus.OffsetOutOfRange => new ReadResult(BrokerError.OffsetOutOfRange, default),
            _ => Damaged(offset),
        };
    }

    /// <summary>Offset of the first record dated at or after the time; the high watermark when there is none.</summary>
    /// <exception cref="Storage.CorruptLogException">The log is damaged on the way there.</exception>
    public long OffsetForTimestamp(long timestampMs)
    {
        using var scratch = new DecompressionBuffer();
        return Log.OffsetForTimestamp(timestampMs, scratch);
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

    private ReadResult Damaged(long offset)
    {
        string path = Log.Segments.LastOrDefault(s => s.BaseOffset <= offset)?.LogPath ?? "no segment";
        string damage = $"Topic {TopicName}, partition {Partition} is damaged at offset {offset} or after it, in {path}. "
            + "The bytes are kept and not served. Stop the broker and run: broker log verify";
        if (Interlocked.CompareExchange(ref _damage, damage, null) is null)
        {
            _notes.Add(damage);
        }

        return new ReadResult(BrokerError.DataLoss, default);
    }

    internal void NotifyWatchers()
    {
        foreach (IWatcher watcher in Volatile.Read(ref _watchers))
        {
            watcher.OnPartitionChanged();
        }
    }
}
