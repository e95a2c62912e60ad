using System.Diagnostics;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.Text;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Engine;

/// <summary>
/// The broker without its network: open a data directory, append, read, change topics. Every method may be called from any
/// thread. What it answers is durable and visible, or says which LSN to wait for.
/// </summary>
internal sealed class BrokerEngine : IAsyncDisposable
{
    // A start is over by then, so that neither RocksDB nor the checkpoint of what was replayed competes with it.
    private static readonly TimeSpan StartDuration = TimeSpan.FromSeconds(1);

    private readonly EngineParts _parts;
    private readonly Sequencer _sequencer;
    private readonly Checkpoints _checkpoints;
    private readonly EngineEnvironment _environment;
    private readonly Scrub _scrub;
    private readonly List<ITimer> _timers = [];
    private bool _isRefusing;
    private int _closed;

    private BrokerEngine(
        EngineParts parts, Sequencer sequencer, Checkpoints checkpoints, EngineEnvironment environment, EngineOptions options)
    {
        _parts = parts;
        _sequencer = sequencer;
        _checkpoints = checkpoints;
        _environment = environment;
        _scrub = new Scrub(parts.State, parts.Metrics, options.ScrubBytesPerSecond, environment.Workers);
        Options = options;
    }

    public EngineOptions Options { get; }

    /// <summary>The number of this run; it grows with each start and is durable.</summary>
    public long Incarnation { get; private set; }

    public RecoveryReport Recovery { get; private set; } = null!;

    /// <summary>How far the journal is. Its failure is final: the process must end.</summary>
    public LsnProgress Progress => _parts.Progress;

    /// <summary>Median duration of a journal sync, measured at start.</summary>
    public TimeSpan SyncTime { get; private set; }

    /// <summary>The newest decision: an answer about state that is not yet visible depends on it.</summary>
    public long DecidedLsn => _sequencer.DecidedLsn;

    public EngineStatus Status => new(
        _parts.DiskGuard.FreeBytes, _parts.DiskGuard.NeededBytes,
        AcceptsWrites: !_parts.DiskGuard.IsFull && !_parts.Committer.IsOutOfSpace && Progress.Failure is null && _closed == 0,
        _checkpoints.TailBytes, _parts.Metrics.SyncCount, _parts.Metrics.SyncTime, _parts.Metrics.RollCount, _parts.Metrics.CheckpointCount,
        _parts.Sequences.Producers.Count, _sequencer.Transactions.Stats());

    public EngineNotes Notes => _parts.Notes;

    internal EngineParts Parts => _parts;

    internal Sequencer Sequencer => _sequencer;

    /// <summary>All visible topics, by name.</summary>
    public IReadOnlyList<TopicInfo> Topics => [.. _parts.State.Topics.Select(t => t.Info).OrderBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>Opens a data directory, recovers it and is ready to serve when it returns.</summary>
    /// <exception cref="StorageException">The directory is in use, damaged, of a newer format, or cannot be read or written.</exception>
    public static BrokerEngine Open(EngineOptions options, TimeProvider time)
    {
        BrokerEngine engine = Open(options, new EngineEnvironment { Time = time });
        Inspection.Repair.TakeNews(Path.GetFullPath(options.DataDirectory)).ToList().ForEach(engine.Notes.Add);
        return engine;
    }

    /// <summary>The visible topic of that name, or null.</summary>
    public TopicInfo? FindTopic(string name) => _parts.State.FindTopic(name)?.Info;

    /// <summary>The visible partition, or null.</summary>
    public PartitionHandle? FindPartition(TopicId id, int partition) => _parts.State.FindPartition(id, partition);

    /// <summary>
    /// Decides one stored batch, which the caller has validated against the partition's seed and the limits. It is stamped
    /// in place and must not be touched afterwards; <paramref name="owner"/> is retained while it is needed.
    /// </summary>
    public AppendDecision Append(
        PartitionHandle partition, Memory<byte> storedBatch, PooledBuffer owner, Durability durability, long? expectedLastOffset = null) =>
        _sequencer.Append(partition, storedBatch, owner, durability, expectedLastOffset);

    /// <inheritdoc cref="Sequencer.Refuse"/>
    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch) => _sequencer.Refuse(partition, batch);

    /// <exception cref="BrokerException">The name, the count or the configuration is not allowed, or the topic exists.</exception>
    public async ValueTask<TopicInfo> CreateTopicAsync(
        string name, int partitionCount, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken)
    {
        await Progress.WaitVisibleAsync(_sequencer.CreateTopic(name, partitionCount, config), cancellationToken).ConfigureAwait(false);
        return VisibleTopic(name);
    }

    /// <exception cref="BrokerException">No such topic, or the configuration is not allowed.</exception>
    public async ValueTask<TopicInfo> AlterTopicAsync(
        string name, IReadOnlyDictionary<string, string> set, IReadOnlyList<string> unset, CancellationToken cancellationToken)
    {
        await Progress.WaitVisibleAsync(_sequencer.AlterTopic(name, set, unset), cancellationToken).ConfigureAwait(false);
        return VisibleTopic(name);
    }

    /// <exception cref="BrokerException">No such topic, or the count is not allowed.</exception>
    public async ValueTask<TopicInfo> AddPartitionsAsync(string name, int partitionCount, CancellationToken cancellationToken)
    {
        await Progress.WaitVisibleAsync(_sequencer.AddPartitions(name, partitionCount), cancellationToken).ConfigureAwait(false);
        return VisibleTopic(name);
    }

    /// <exception cref="BrokerException">No such topic.</exception>
    public ValueTask DeleteTopicAsync(string name, CancellationToken cancellationToken) =>
        Progress.WaitVisibleAsync(_sequencer.DeleteTopic(name), cancellationToken);

    /// <summary>Drops the records before an offset.</summary>
    /// <returns>The log start now.</returns>
    /// <exception cref="BrokerException">The offset lies behind the high watermark.</exception>
    public async ValueTask<long> TrimAsync(PartitionHandle partition, long beforeOffset, CancellationToken cancellationToken)
    {
        await Progress.WaitVisibleAsync(_sequencer.AdvanceLogStart(partition, beforeOffset), cancellationToken).ConfigureAwait(false);
        return partition.LogStartOffset;
    }

    /// <summary>Gives a producer id that was never given before.</summary>
    /// <exception cref="BrokerException">There are as many producers as may be remembered.</exception>
    public async ValueTask<ProducerIdentity> InitProducerAsync(string clientId, CancellationToken cancellationToken)
    {
        (ProducerIdentity producer, long lsn) = _sequencer.Producers.Init(clientId);
        await Progress.WaitVisibleAsync(lsn, cancellationToken).ConfigureAwait(false);
        return producer;
    }

    /// <summary>Takes over the producer of a name, or makes it; whoever had it before can write no more.</summary>
    /// <inheritdoc cref="InitProducerAsync"/>
    public ValueTask<OpenedProducer> OpenProducerAsync(string name, string clientId, CancellationToken cancellationToken) =>
        OpenProducerAsync(name, clientId, current: null, cancellationToken);

    /// <param name="current">Refuse unless the name still has this id and epoch; null to take it from anyone.</param>
    /// <inheritdoc cref="OpenProducerAsync(string, string, CancellationToken)"/>
    public async ValueTask<OpenedProducer> OpenProducerAsync(
        string name, string clientId, ProducerIdentity? current, CancellationToken cancellationToken)
    {
        (OpenedProducer producer, long lsn) = _sequencer.Producers.Open(name, clientId, current);
        await Progress.WaitVisibleAsync(lsn, cancellationToken).ConfigureAwait(false);
        return producer;
    }

    /// <summary>Producers behind an id, by id.</summary>
    public async ValueTask<IReadOnlyList<ProducerSummary>> ListProducersAsync(
        long afterId, int countMax, bool isNamed, CancellationToken cancellationToken)
    {
        (IReadOnlyList<ProducerSummary> producers, long lsn) = _sequencer.Producers.List(afterId, countMax, isNamed);
        await Progress.WaitVisibleAsync(lsn, cancellationToken).ConfigureAwait(false);
        return producers;
    }

    /// <param name="name">Null to go by the id.</param>
    /// <exception cref="BrokerException">There is no such producer.</exception>
    public async ValueTask<(ProducerSummary Producer, IReadOnlyList<ProducerPosition> Positions)> DescribeProducerAsync(
        string? name, long id, CancellationToken cancellationToken)
    {
        (ProducerSummary producer, IReadOnlyList<ProducerPosition> positions, long lsn) = _sequencer.Producers.Describe(name, id);
        await Progress.WaitVisibleAsync(lsn, cancellationToken).ConfigureAwait(false);
        return (producer, positions);
    }

    /// <inheritdoc cref="DescribeProducerAsync"/>
    public ValueTask DeleteProducerAsync(string? name, long id, CancellationToken cancellationToken) =>
        Progress.WaitVisibleAsync(_sequencer.Producers.Delete(name, id), cancellationToken);

    /// <inheritdoc cref="TransactionStaging.Stage"/>
    public AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> storedBatch, in TransactionContext context) =>
        _sequencer.Staging.Stage(partition, storedBatch, context);

    /// <inheritdoc cref="TransactionStaging.Refuse"/>
    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch, in TransactionContext context) =>
        _sequencer.Staging.Refuse(partition, batch, context);

    /// <inheritdoc cref="TransactionDecisions.CommitAsync"/>
    public ValueTask<TransactionOutcome> CommitTransactionAsync(
        TransactionKey key, IReadOnlyList<ManifestPartition> manifest, IReadOnlyList<OffsetCommit> offsets, CancellationToken cancellationToken)
    {
        OffsetDecisions.Check(offsets);
        return _sequencer.Transactions.CommitAsync(key, manifest, offsets, Progress.WaitVisibleAsync, cancellationToken);
    }

    /// <inheritdoc cref="TransactionDecisions.DecideCommitAsync"/>
    public ValueTask<TransactionOutcome> DecideTransactionAsync(
        TransactionKey key, IReadOnlyList<ManifestPartition> manifest, IReadOnlyList<OffsetCommit> offsets, CancellationToken cancellationToken)
    {
        OffsetDecisions.Check(offsets);
        return _sequencer.Transactions.DecideCommitAsync(key, manifest, offsets, Progress.WaitVisibleAsync, cancellationToken);
    }

    /// <inheritdoc cref="TransactionDecisions.Abort"/>
    public void AbortTransaction(TransactionKey key) => _sequencer.Transactions.Abort(key);

    /// <inheritdoc cref="TransactionDecisions.Outcome"/>
    public async ValueTask<TransactionOutcome?> TransactionOutcomeAsync(TransactionKey key, CancellationToken cancellationToken)
    {
        (TransactionOutcome? outcome, long lsn) = _sequencer.Transactions.Outcome(key);
        await Progress.WaitVisibleAsync(lsn, cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    /// <inheritdoc cref="TransactionDecisions.NoteLost"/>
    public void NoteTransactionLost(long producerId, long number) => _sequencer.Transactions.NoteLost(producerId, number);

    /// <inheritdoc cref="TransactionDecisions.List"/>
    public IReadOnlyList<TransactionSummary> ListTransactions() => _sequencer.Transactions.List();

    /// <inheritdoc cref="TransactionDecisions.Describe"/>
    public async ValueTask<TransactionDescription> DescribeTransactionsAsync(string producer, CancellationToken cancellationToken)
    {
        TransactionDescription description = _sequencer.Transactions.Describe(producer);
        await Progress.WaitVisibleAsync(description.Lsn, cancellationToken).ConfigureAwait(false);
        return description;
    }

    /// <inheritdoc cref="TransactionDecisions.AbortOpen"/>
    public bool AbortOpenTransaction(string producer) => _sequencer.Transactions.AbortOpen(producer);

    /// <inheritdoc cref="OffsetDecisions.Commit"/>
    public ValueTask CommitOffsetsAsync(IReadOnlyList<OffsetCommit> commits, CancellationToken cancellationToken) =>
        Progress.WaitVisibleAsync(_sequencer.Offsets.Commit(commits), cancellationToken);

    /// <inheritdoc cref="OffsetDecisions.Fetch"/>
    public async ValueTask<IReadOnlyList<GroupOffset>> FetchOffsetsAsync(string group, CancellationToken cancellationToken)
    {
        (IReadOnlyList<GroupOffset> offsets, long lsn) = _sequencer.Offsets.Fetch(group);
        await Progress.WaitVisibleAsync(lsn, cancellationToken).ConfigureAwait(false);
        return offsets;
    }

    /// <summary>Carries out an operator's decision on damage: it was mended, or its records are given up for ever.</summary>
    internal ValueTask SettleDamageAsync(PartitionHandle partition, DamagedRange range, bool isLossAccepted) =>
        Progress.WaitVisibleAsync(_sequencer.SettleDamage(partition, range, isLossAccepted), CancellationToken.None);

    /// <summary>Stops accepting, makes what was accepted durable, writes a checkpoint and gives the directory up.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        foreach (ITimer timer in _timers)
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }

        _sequencer.Stop();
        await Task.Factory.StartNew(Close, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    internal static BrokerEngine Open(EngineOptions options, EngineEnvironment environment)
    {
        long started = Stopwatch.GetTimestamp();
        EngineParts parts = EngineParts.Open(options, environment);
        Checkpoints? checkpoints = null;
        try
        {
            var staging = new Staging(environment.Disk, Path.Combine(Path.GetFullPath(options.DataDirectory), "staging"), options);
            staging.RemoveLeftovers();
            var sequencer = new Sequencer(
                parts.State, parts.Sequences, parts.Committer, parts.Progress, parts.DiskGuard, staging, environment, options);
            checkpoints = new Checkpoints(parts, options.JournalReplayBytesMax, environment.Workers);
            var engine = new BrokerEngine(parts, sequencer, checkpoints, environment, options);
            engine.Start();
            engine.Recovery = parts.Report(Stopwatch.GetElapsedTime(started));
            return engine;
        }
        catch
        {
            checkpoints?.Dispose();
            parts.Dispose();
            throw;
        }
    }

    private void Start()
    {
        Incarnation = _parts.State.Incarnation + 1;
        long lsn = _sequencer.BeginIncarnation(Incarnation);
        _parts.JournalFiles.OutOfSpace = NoteFullDisk;
        _parts.Committer.OutOfSpace = NoteFullDisk;
        _parts.Checkpointer.OutOfSpace = NoteFullDisk;
        SyncTime = _parts.Committer.MeasureSync();
        _parts.Committer.RunOnce();
        Invariant.Check(Progress.VisibleLsn == lsn);
        _parts.State.DamageReports.Follow(_sequencer.Quarantine);
        _parts.Committer.RunOnce();

        // Only now: with the marks above, the tail that was replayed may be at its limit until the first checkpoint is done.
        _parts.Committer.MayWrite = () => _checkpoints.MayWrite;
        _parts.Committer.GroupVisible = () =>
        {
            _parts.State.NotifyWatchers();
            _checkpoints.StartIfDue();
        };
        if (_environment.RunsJournal)
        {
            _parts.Committer.Start();
        }

        NoteRefusals();
        Once(StartDuration, _checkpoints.BeginFirst);
        Once(StartDuration, _parts.BeginCopy);
        Every(TimeSpan.FromSeconds(1), WatchDisk);
        Every(TimeSpan.FromSeconds(1), _sequencer.Producers.Tend);
        Every(TimeSpan.FromSeconds(1), _sequencer.Transactions.Tend);
        Every(Options.RetentionCheckInterval, ApplyRetention);
        Every(TimeSpan.FromSeconds(1), _scrub.Step);
    }

    private void Once(TimeSpan delay, Action work) =>
        _timers.Add(_environment.Time.CreateTimer(_ => work(), null, delay, Timeout.InfiniteTimeSpan));

    private void Every(TimeSpan interval, Action work)
    {
        _timers.Add(_environment.Time.CreateTimer(
            _ =>
            {
                try
                {
                    work();
                }
                catch (Exception e) when (e is StorageException or IOException or BrokerException)
                {
                    // The next round tries again; a failure of the journal is reported by Progress.
                    Debug.WriteLine(e.Message);
                }
            },
            null, interval, interval));
    }

    private void NoteFullDisk()
    {
        _parts.DiskGuard.NoteFull();
        _parts.Committer.Wake();
    }

    private void WatchDisk()
    {
        // Full at the last moment before this look counts: at the limit, each look finds room for a few records more, and the files
        // that are kept for reuse would keep all others out.
        bool wasFull = _parts.DiskGuard.IsFull;
        _parts.DiskGuard.Refresh();
        if (wasFull || _parts.DiskGuard.IsFull)
        {
            _parts.State.Files.DropRecycled();
            _parts.DiskGuard.Refresh();
        }

        NoteRefusals();
    }

    /// <summary>Tells when writes are refused, and when they are taken again.</summary>
    private void NoteRefusals()
    {
        bool isFull = _parts.DiskGuard.IsFull;
        if (isFull != _isRefusing)
        {
            _isRefusing = isFull;
            Notes.Add(isFull
                ? $"Writes are refused: {UnitText.Megabytes(_parts.DiskGuard.FreeBytes)} are free on the disk, {UnitText.Megabytes(_parts.DiskGuard.NeededBytes)} are needed (twice "
                    + "journal.replay_bytes_max, and storage.reserve_bytes). Reads go on; writes go on by themselves when there is space."
                : $"Writes are taken again: {UnitText.Megabytes(_parts.DiskGuard.FreeBytes)} are free on the disk.");
        }
    }

    private void ApplyRetention()
    {
        long now = _environment.Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (Topic topic in _parts.State.Topics)
        {
            foreach (PartitionHandle partition in topic.Info.Partitions)
            {
                // No byte of a damaged partition goes before an operator has seen it.
                long logStart = partition.IsQuarantined ? -1 : Broker.Engine.Retention.NewLogStart(partition, now);
                if (logStart > partition.LogStartOffset && !partition.IsDeleted && Progress.Failure is null)
                {
                    _sequencer.AdvanceLogStart(partition, logStart);
                }
            }
        }
    }

    private TopicInfo VisibleTopic(string name) =>
        FindTopic(name) ?? throw new BrokerException(BrokerError.UnknownTopicOrPartition, $"Topic {name} was deleted meanwhile.");

    /// <summary>Lets go of an engine whose disk is no more: nothing is written, and nothing outside the heap stays behind.</summary>
    internal void Abandon() => _parts.Metrics.Dispose();

    /// <summary>The second half of disposal: nothing is accepted any more, and the journal's thread may end.</summary>
    internal void Close()
    {
        _scrub.Dispose();
        _parts.Committer.Dispose();
        _sequencer.Transactions.Dispose();
        _checkpoints.Dispose();
        if (Progress.Failure is null)
        {
            try
            {
                JournalPosition position = _parts.Committer.Writer.Position;
                _parts.Checkpointer.Complete(_parts.Checkpointer.Capture(position), position, waitForCopy: true);
            }
            catch (DiskException e) when (e.MayPass)
            {
                // No room for the checkpoint: the journal holds everything, and the next start reads more of it.
            }
        }

        foreach (PartitionHandle partition in _parts.State.Topics.SelectMany(t => t.Info.Partitions))
        {
            partition.Log.Close();
        }

        _parts.Dispose();
    }
}
