using Broker.Client.Transport;
using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;

namespace Broker.Client.Producing;

/// <summary>
/// One partition's records on their way: the batch that fills, encoded record by record, then the sealed ones
/// (<see cref="BatchSequence"/>).
/// </summary>
/// <remarks>
/// Thread-safe: one lock around short steps without I/O. Only the sending loop takes batches, and only it changes the
/// bytes of a sealed one.
/// </remarks>
internal sealed class PartitionQueue : IDisposable
{
    private const int SmallestReserveBytes = 4096;

    private readonly Lock _gate = new();
    private readonly ProducerTopic _topic;
    private readonly QueueSettings _settings;
    private readonly BatchSequence _sequence;
    private readonly BatchWriter _writer;
    private readonly int _initialBytes;
    private PendingBatch? _open;
    private TopicId _topicId;
    private int _reservedBytes;

    // Since the transaction began.
    private long _takenRecords;
    private Func<bool, BrokerException>? _closedBecause;
    private Func<bool, BrokerException>? _abandonedBecause;

    public PartitionQueue(ProducerTopic topic, TopicMetadata metadata, int partition, QueueSettings settings)
    {
        _topic = topic;
        _settings = settings;
        Partition = partition;
        _topicId = metadata.Id;
        int inFlightMax = Math.Min(settings.InFlightMax, metadata.WindowBatches);
        _sequence = new BatchSequence(inFlightMax, settings.Backoff) { Seed = metadata.PartitionSeeds[partition] };

        // With many partitions, full-size buffers would use up the memory with a few records in each.
        long share = settings.Memory.BytesMax / (8L * metadata.PartitionCount);
        _initialBytes = (int)Math.Min(Math.Max(share, SmallestReserveBytes), settings.BatchSizeBytes);
        _writer = new BatchWriter(settings.Codec, _initialBytes);
    }

    public int Partition { get; }

    public ProducerTopic Topic => _topic;

    /// <summary>Set while the sending loop has this queue in one of its lists; owned by that list's lock.</summary>
    public QueueMarks Marks { get; set; }

    /// <summary>1 while somebody gets a new producer id for this queue.</summary>
    public int IdentityReplacements;

    public ProducerIdentity? Identity
    {
        get
        {
            lock (_gate)
            {
                return _sequence.Identity;
            }
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _open is null && _sequence.IsEmpty;
            }
        }
    }

    public bool HasUnsent
    {
        get
        {
            lock (_gate)
            {
                return _open is not null || _sequence.HasUnsent;
            }
        }
    }

    /// <summary>Whether any record was taken since the transaction began.</summary>
    public bool HasTaken => Interlocked.Read(ref _takenRecords) > 0;

    public BrokerException? LastRefusal
    {
        get
        {
            lock (_gate)
            {
                return _sequence.LastRefusal;
            }
        }
    }

    /// <summary>What the topic's id is for this queue; the sender writes it beside the batch.</summary>
    public TopicId TopicId => _topicId;

    /// <param name="sizeBytesMax">Upper bound of the encoded record.</param>
    /// <param name="operation">Null when nobody awaits the record.</param>
    public AppendResult TryAppend(
        long timestampMs,
        OptionalBytes key,
        OptionalBytes value,
        ReadOnlySpan<RecordHeader> headers,
        int sizeBytesMax,
        SendOperation? operation)
    {
        lock (_gate)
        {
            if (_closedBecause is not null)
            {
                return AppendResult.Closed;
            }

            var result = AppendResult.Joined;
            if (_open is not null && _writer.SizeBytes + sizeBytesMax > _settings.BatchSizeBytes)
            {
                SealLocked();
                result = AppendResult.Filled;
            }

            if (_writer.SizeBytes + sizeBytesMax > _reservedBytes && !TryReserveLocked(_writer.SizeBytes + sizeBytesMax))
            {
                return AppendResult.NoMemory;
            }

            if (_open is null)
            {
                _open = new PendingBatch(this, _settings.Clock.NowMs);
                result = result == AppendResult.Joined ? AppendResult.Began : result;
            }

            _writer.Append(timestampMs, key, value, headers);
            _open.Add(operation);
            _takenRecords++;
            return result;
        }
    }

    /// <summary>Makes one batch of records that go together or not at all.</summary>
    /// <param name="records">With the upper bound of each one's size.</param>
    /// <param name="operation">Of the last one.</param>
    /// <returns>As <see cref="TryAppend"/>; nothing was taken with NoMemory.</returns>
    public AppendResult TryAppendTogether(
        IReadOnlyList<RecordToAppend> records, long expectedLastOffset, SendOperation operation)
    {
        int sizeBytesMax = records.Sum(record => record.SizeBytesMax);
        lock (_gate)
        {
            if (_closedBecause is not null)
            {
                return AppendResult.Closed;
            }

            if (_open is not null)
            {
                SealLocked();
            }

            if (!TryReserveLocked(_writer.SizeBytes + sizeBytesMax))
            {
                return AppendResult.NoMemory;
            }

            _open = new PendingBatch(this, _settings.Clock.NowMs) { ExpectedLastOffset = expectedLastOffset };
            for (int i = 0; i < records.Count; i++)
            {
                RecordToAppend record = records[i];
                _writer.Append(record.TimestampMs, record.Key, record.Value, record.Headers);
                _open.Add(i == records.Count - 1 ? operation : null);
            }

            // Whoever awaits the last one awaits them all.
            _open.UnawaitedCount = 0;
            _takenRecords += records.Count;
            SealLocked();
            return AppendResult.Filled;
        }
    }

    /// <param name="takeUnfinished">Whether a batch that could still gather records may go.</param>
    /// <param name="ignoreLinger">Whether it may go before its time.</param>
    public TakeResult TryTake(
        bool takeUnfinished,
        bool ignoreLinger,
        ProducerIdentity current,
        out PendingBatch? batch)
    {
        long nowMs = _settings.Clock.NowMs;
        lock (_gate)
        {
            batch = _sequence.TryTake(nowMs, current, current.NextSequence(_topicId, Partition));
            if (batch is not null)
            {
                return TakeResult.Taken;
            }

            if (_open is null)
            {
                return _sequence.HasUnsent ? TakeResult.Blocked : TakeResult.Empty;
            }

            if (!_sequence.CanSend(nowMs) || _sequence.HasUnsent)
            {
                return TakeResult.Blocked;
            }

            if (!takeUnfinished || (!ignoreLinger && nowMs - _open.CreatedMs < _settings.LingerMs))
            {
                return TakeResult.Gathering;
            }

            SealLocked();
            batch = _sequence.TryTake(nowMs, current, current.NextSequence(_topicId, Partition));
            return batch is null ? TakeResult.Blocked : TakeResult.Taken;
        }
    }

    public Reaction OnResult(PendingBatch batch, BatchResult result, List<BatchOutcome> outcomes)
    {
        if (result.Error?.Reason == ErrorReasons.PartitionQuarantined)
        {
            _topic.NoteQuarantined(Partition);
        }

        long nowMs = _settings.Clock.NowMs;
        lock (_gate)
        {
            return UnlessOverLocked(_sequence.OnResult(batch, result, nowMs, outcomes), outcomes);
        }
    }

    public Reaction OnDisconnected(bool nothingArrived, List<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            return UnlessOverLocked(_sequence.OnDisconnected(nothingArrived), outcomes);
        }
    }

    public void Rebase(ProducerIdentity identity, List<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            _sequence.Rebase(identity, outcomes, identity.NextSequence(_topicId, Partition));
        }
    }

    /// <param name="metadata">The topic as it is now, with this partition in it.</param>
    public void Retarget(TopicMetadata metadata, List<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            if (_topicId == metadata.Id)
            {
                _sequence.ConfirmTopic(_settings.Clock.NowMs);
                return;
            }

            long firstSequence = _sequence.Identity?.NextSequence(metadata.Id, Partition) ?? 0;
            if (_sequence.TryRetarget(metadata.PartitionSeeds[Partition], outcomes, firstSequence))
            {
                _topicId = metadata.Id;
            }
        }
    }

    /// <summary>Ends what is older than the producer allows.</summary>
    /// <param name="lastError">What keeps the connection from delivering, if anything does.</param>
    public Reaction Expire(
        TimeSpan timeout,
        BrokerException? lastError,
        List<BatchOutcome> outcomes,
        out bool inFlightExpired)
    {
        long createdBeforeMs = _settings.Clock.NowMs - (long)timeout.TotalMilliseconds;
        lock (_gate)
        {
            BrokerException? cause = lastError ?? _sequence.LastRefusal;
            Reaction reaction = _sequence.Expire(
                createdBeforeMs,
                isDefinite => Failures.TimedOut(timeout, cause, isDefinite),
                outcomes,
                out inFlightExpired);
            if (_open is not null && _open.CreatedMs < createdBeforeMs)
            {
                DropOpenLocked(Failures.TimedOut(timeout, cause, isDefinite: true), outcomes);
            }

            return reaction;
        }
    }

    /// <summary>Begins a new transaction, with nothing left of the one before.</summary>
    /// <remarks>From here on nothing stands in the former one, even if the sender still asks for it.</remarks>
    public void Restart(ProducerIdentity identity)
    {
        lock (_gate)
        {
            Invariant.Check(_open is null);
            _abandonedBecause = null;
            _takenRecords = 0;
            _sequence.Restart(identity);
        }
    }

    /// <summary>Says what was sent to this partition in the transaction; null for nothing.</summary>
    /// <returns>False while a part of it has not gone to the broker, or when a part of it never will.</returns>
    public bool TryGetManifest(out ManifestPartition? manifest)
    {
        lock (_gate)
        {
            (int batches, long records) = _sequence.Sent;
            manifest = batches == 0 ? null : new ManifestPartition
            {
                TopicId = ByteString.CopyFrom(_topicId.Value.ToByteArray(bigEndian: true)),
                Partition = Partition,
                BatchCount = batches,
                RecordCount = records,
            };
            return records == _takenRecords;
        }
    }

    /// <summary>Takes nothing more and ends everything, what is in flight as soon as it was answered.</summary>
    public void Close(Func<bool, BrokerException> error, List<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            _closedBecause ??= error;
            EndAllLocked(_closedBecause, outcomes);
        }
    }

    /// <summary>Ends everything that is not in flight; later records are taken again.</summary>
    public void FailAll(Func<bool, BrokerException> error, List<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            EndAllLocked(error, outcomes);
        }
    }

    /// <summary>Gives the transaction up: ends everything, what is in flight as soon as it was answered or its stream is gone.</summary>
    public void Abandon(Func<bool, BrokerException> error, List<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            _abandonedBecause ??= error;
            EndAllLocked(error, outcomes);
        }
    }

    /// <summary>Adds a task for every batch that is not yet through.</summary>
    public void CollectCompletions(List<Task> completions)
    {
        lock (_gate)
        {
            foreach (PendingBatch batch in _sequence.Batches)
            {
                completions.Add(batch.Completion);
            }

            if (_open is not null)
            {
                completions.Add(_open.Completion);
            }
        }
    }

    public void Dispose() => _writer.Dispose();

    private Reaction UnlessOverLocked(Reaction reaction, List<BatchOutcome> outcomes)
    {
        if ((_closedBecause ?? _abandonedBecause) is not { } error)
        {
            return reaction;
        }

        EndAllLocked(error, outcomes);
        return reaction & Reaction.FailProducer;
    }

    private void EndAllLocked(Func<bool, BrokerException> error, List<BatchOutcome> outcomes)
    {
        _sequence.FailAll(error, outcomes);
        if (_open is not null)
        {
            DropOpenLocked(error(true), outcomes);
        }
    }

    private void DropOpenLocked(BrokerException error, List<BatchOutcome> outcomes)
    {
        PendingBatch open = _open!;
        open.ReservedBytes = _reservedBytes;
        outcomes.Add(new BatchOutcome(open, Result: null, error));
        _writer.Reset();
        _open = null;
        _reservedBytes = 0;
    }

    private bool TryReserveLocked(int neededBytes)
    {
        long wantedBytes = Math.Max(_reservedBytes, _initialBytes);
        while (wantedBytes < neededBytes)
        {
            wantedBytes *= 2;
        }

        int addedBytes = (int)Math.Min(wantedBytes, int.MaxValue) - _reservedBytes;
        if (!_settings.Memory.TryReserve(addedBytes))
        {
            return false;
        }

        _reservedBytes += addedBytes;
        return true;
    }

    private void SealLocked()
    {
        PendingBatch batch = _open!;
        ProducerIdentity? identity = _sequence.Identity;
        batch.StampedIdentity = identity;
        batch.StampedSequence = _sequence.LikelySequence;
        batch.StampedSeed = _sequence.Seed;
        PooledBuffer buffer = _writer.Finish(
            _topicId,
            Partition,
            identity?.Id ?? StoredBatch.NoProducer,
            identity?.Epoch ?? StoredBatch.NoProducer,
            identity is null ? StoredBatch.NoProducer : batch.StampedSequence,
            isTransactional: identity is { Transaction: not null });
        batch.Buffer = Shrink(buffer);
        batch.ReservedBytes = batch.Buffer.CapacityBytes;
        _settings.Memory.Release(_reservedBytes - batch.ReservedBytes);
        _reservedBytes = 0;
        _open = null;
        _sequence.Add(batch);
        _topic.NoteSealed(Partition);
    }

    /// <summary>A few records do not keep a buffer for many busy until they are acknowledged.</summary>
    private static PooledBuffer Shrink(PooledBuffer buffer)
    {
        if (buffer.Length > buffer.CapacityBytes / 4)
        {
            return buffer;
        }

        PooledBuffer small = PooledBuffer.Rent(buffer.Length);
        buffer.Span.CopyTo(small.Span);
        buffer.Release();
        return small;
    }
}
