using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Broker.Storage;

/// <summary>The meters of journal and segments. Whoever exports them listens to the meter by name.</summary>
internal sealed class StorageMetrics : IDisposable
{
    public const string MeterName = "Broker.Storage";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _syncs;
    private readonly Histogram<double> _syncSeconds;
    private readonly Histogram<int> _groupEntries;
    private readonly Counter<long> _rolls;
    private readonly Counter<long> _checkpoints;
    private readonly Histogram<double> _checkpointSeconds;
    private readonly Counter<long> _appliedBytes;
    private readonly Counter<long> _corruptBatches;
    private readonly Counter<long> _coldReads;
    private readonly Counter<long> _scrubBytes;
    private readonly Counter<long> _scrubPasses;
    private readonly Counter<long> _scrubDamages;
    private long _scrubbedBytes;
    private long _scrubPassCount;
    private long _syncCount;
    private long _syncBeganAt;
    private long _syncTicks;
    private long _rollCount;
    private long _checkpointCount;

    public StorageMetrics()
    {
        _syncs = _meter.CreateCounter<long>("broker_journal_syncs_total", null, "Completed syncs of the journal.");
        _syncSeconds = _meter.CreateHistogram<double>("broker_journal_sync_seconds", "s", "Duration of a journal sync.");
        _groupEntries = _meter.CreateHistogram<int>("broker_journal_group_entries", null, "Entries that shared one sync.");
        _rolls = _meter.CreateCounter<long>("broker_segment_rolls_total", null, "Segments begun.");
        _checkpoints = _meter.CreateCounter<long>("broker_checkpoints_total", null, "Completed checkpoints.");
        _checkpointSeconds = _meter.CreateHistogram<double>("broker_checkpoint_seconds", "s", "Duration of a checkpoint.");
        _appliedBytes = _meter.CreateCounter<long>("broker_segment_written_bytes_total", "By", "Bytes written to segments.");
        _corruptBatches = _meter.CreateCounter<long>("broker_corrupt_batches_total", null, "Reads that met damage which was not known.");
        _scrubBytes = _meter.CreateCounter<long>("broker_scrub_bytes_total", "By", "Bytes of the log that were read and checked in the background.");
        _scrubPasses = _meter.CreateCounter<long>("broker_scrub_passes_total", null, "Times that all of the log was checked.");
        _scrubDamages = _meter.CreateCounter<long>("broker_scrub_damaged_ranges_total", null, "Damaged parts of the log that the check found.");
        _coldReads = _meter.CreateCounter<long>("broker_cold_reads_total", null, "Reads that went to the disk rather than the map.");
    }

    public long SyncCount => Interlocked.Read(ref _syncCount);

    /// <summary>How long the journal's newest sync took, or, when that is more, how long the one under way takes so far.</summary>
    public TimeSpan SyncTime
    {
        get
        {
            long beganAt = Interlocked.Read(ref _syncBeganAt);
            var newest = TimeSpan.FromTicks(Interlocked.Read(ref _syncTicks));
            TimeSpan soFar = beganAt > 0 ? Stopwatch.GetElapsedTime(beganAt) : TimeSpan.Zero;
            return soFar > newest ? soFar : newest;
        }
    }

    public long RollCount => Interlocked.Read(ref _rollCount);

    public long CheckpointCount => Interlocked.Read(ref _checkpointCount);

    public long ScrubbedBytes => Interlocked.Read(ref _scrubbedBytes);

    public long ScrubPassCount => Interlocked.Read(ref _scrubPassCount);

    public void Dispose() => _meter.Dispose();

    internal void SyncBegins() => Interlocked.Exchange(ref _syncBeganAt, Stopwatch.GetTimestamp());

    internal void Synced()
    {
        TimeSpan duration = Stopwatch.GetElapsedTime(Interlocked.Exchange(ref _syncBeganAt, 0));
        Interlocked.Exchange(ref _syncTicks, duration.Ticks);
        Interlocked.Increment(ref _syncCount);
        _syncs.Add(1);
        _syncSeconds.Record(duration.TotalSeconds);
    }

    internal void GroupWritten(int entries) => _groupEntries.Record(entries);

    internal void Rolled()
    {
        Interlocked.Increment(ref _rollCount);
        _rolls.Add(1);
    }

    internal void Checkpointed(TimeSpan duration)
    {
        Interlocked.Increment(ref _checkpointCount);
        _checkpoints.Add(1);
        _checkpointSeconds.Record(duration.TotalSeconds);
    }

    internal void Applied(int bytes) => _appliedBytes.Add(bytes);

    internal void CorruptBatch() => _corruptBatches.Add(1);

    internal void Scrubbed(int bytes)
    {
        Interlocked.Add(ref _scrubbedBytes, bytes);
        _scrubBytes.Add(bytes);
    }

    internal void ScrubPassed()
    {
        Interlocked.Increment(ref _scrubPassCount);
        _scrubPasses.Add(1);
    }

    internal void ScrubFound() => _scrubDamages.Add(1);

    internal void ColdRead() => _coldReads.Add(1);
}
