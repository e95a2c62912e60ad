using System.Diagnostics;
using System.Text;
using Broker.Client.Diagnostics;
using Broker.Client.Producing;
using Broker.Client.Transport;
using Broker.Records;

namespace Broker.Client;

/// <summary>
/// Sends records. They gather in batches per partition, are sent in order, and each is in the log once however often a
/// connection breaks on the way.
/// </summary>
/// <remarks>Thread-safe. Make one and keep it. Disposing waits for what is under way.</remarks>
public sealed class Producer : IRecordSink, IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly ProducerOptions _options;
    private readonly ProducerHub _hub;

    // The topic of the last TrySend: most producers write to one for long stretches.
    private ProducerTopic? _lastTopic;
    private int _isDisposed;

    internal Producer(ClientContext context, ProducerOptions options)
    {
        options.Validate();
        _context = context;
        _options = options;
        _hub = new ProducerHub(context, options);
    }

    internal ProducerHub Hub => _hub;

    /// <summary>
    /// Sends one record and waits until it is acknowledged. Waits for room when the buffer is full. Records for one partition
    /// are in the log in the order of the calls, awaited or not.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the waiting. A record that was already taken over is sent all the same; one that still waited for room is not.
    /// </param>
    /// <exception cref="BrokerException">It was not acknowledged; IsDefinite says whether it can be in the log.</exception>
    public ValueTask<RecordMetadata> SendAsync(
        string topic,
        ReadOnlyMemory<byte>? key,
        ReadOnlyMemory<byte>? value,
        CancellationToken cancellationToken = default)
    {
        return SendAsync(new ProducerRecord { Topic = topic, Key = key, Value = value }, cancellationToken);
    }

    /// <inheritdoc cref="SendAsync(string, ReadOnlyMemory{byte}?, ReadOnlyMemory{byte}?, CancellationToken)"/>
    /// <remarks>A null array is a null key or value. (Converted to ReadOnlyMemory it would be an empty one.)</remarks>
    public ValueTask<RecordMetadata> SendAsync(string topic, byte[]? key, byte[]? value, CancellationToken cancellationToken = default)
    {
        var record = new ProducerRecord
        {
            Topic = topic,
            Key = key is null ? default(ReadOnlyMemory<byte>?) : key,
            Value = value is null ? default(ReadOnlyMemory<byte>?) : value,
        };
        return SendAsync(record, cancellationToken);
    }

    /// <inheritdoc cref="SendAsync(string, ReadOnlyMemory{byte}?, ReadOnlyMemory{byte}?, CancellationToken)"/>
    /// <remarks>Key and value are written as UTF-8, a half of a surrogate pair as U+FFFD. A null string is a null key or value.</remarks>
    public ValueTask<RecordMetadata> SendAsync(string topic, string? key, string? value, CancellationToken cancellationToken = default) =>
        SendAsync(ProducerRecord.OfText(topic, key, value), cancellationToken);

    /// <inheritdoc cref="SendAsync(string, ReadOnlyMemory{byte}?, ReadOnlyMemory{byte}?, CancellationToken)"/>
    public ValueTask<RecordMetadata> SendAsync(ProducerRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<RecordMetadata>(cancellationToken);
        }

        SendOperation operation = SendOperation.Rent();
        ValueTask<RecordMetadata> sent = operation.Task;
        RecordHeader[] headers = [.. record.Headers ?? []];
        operation.Activity = _context.Telemetry.StartSend(record.Topic);
        if (operation.Activity is { } activity)
        {
            headers = WithTraceContext(headers, activity);
        }

        try
        {
            // Whoever sent before and still waits goes first.
            ProducerTopic? topic = _hub.Line.HasWaiters(record.Topic) ? null : FindTopic(record.Topic);
            if (topic is not null && topic.Has(record.Partition) && TryAppend(topic, record, headers, operation))
            {
                return cancellationToken.CanBeCanceled ? new(sent.AsTask().WaitAsync(cancellationToken)) : sent;
            }
        }
        catch (Exception e) when (e is BrokerException or ObjectDisposedException or ArgumentException)
        {
            return Refuse(operation, e);
        }

        return SendInLineAsync(record, headers, operation, sent, cancellationToken);
    }

    /// <summary>
    /// Appends records as one batch, all or none, if the partition ends with the expected offset: of writers that have read the same
    /// and decided, one gets through.
    /// </summary>
    /// <param name="expectedLastOffset">Offset of the partition's last record; −1 for a partition that never had one.</param>
    /// <returns>Where the last of them is: its offset is what to expect next.</returns>
    /// <exception cref="ExpectedOffsetException">Somebody else has written; it tells the last offset. Nothing was appended.</exception>
    /// <exception cref="BrokerException">It was not acknowledged; IsDefinite says whether it can be in the log.</exception>
    public async ValueTask<RecordMetadata> AppendAsync(
        string topic,
        int partition,
        IReadOnlyList<ProducerRecord> records,
        long expectedLastOffset,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentOutOfRangeException.ThrowIfZero(records.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(expectedLastOffset, -1);
        cancellationToken.ThrowIfCancellationRequested();
        RecordToAppend[] encoded = [.. records.Select(Prepare)];
        SendOperation operation = SendOperation.Rent();
        ValueTask<RecordMetadata> sent = operation.Task;
        var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task turn = _hub.Line.Join(topic, place);
        try
        {
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (true)
            {
                ProducerTopic target = await LoadTopic(topic).WaitAsync(cancellationToken).ConfigureAwait(false);
                if (!target.Has(partition))
                {
                    await _hub.Topics.CheckPartitionsAsync(target, cancellationToken).ConfigureAwait(false);
                }

                if (TryAppendTogether(target, partition, encoded, expectedLastOffset, operation))
                {
                    break;
                }

                await _hub.Memory.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is BrokerException or OperationCanceledException or ArgumentException or ObjectDisposedException)
        {
            return await Refuse(operation, e).ConfigureAwait(false);
        }
        finally
        {
            _ = LeaveAfterAsync(turn, topic, place);
        }

        return cancellationToken.CanBeCanceled
            ? await sent.AsTask().WaitAsync(cancellationToken).ConfigureAwait(false)
            : await sent.ConfigureAwait(false);
    }

    /// <summary>
    /// Takes <see cref="ProducerOptions.Name"/> over now, not with the first record: whoever had it before can write no more.
    /// </summary>
    /// <returns>Where that one was, in every partition it had written to: from there on there is something to send.</returns>
    /// <exception cref="InvalidOperationException">The producer has no name.</exception>
    public async Task<IReadOnlyList<ProducerPosition>> OpenAsync(CancellationToken cancellationToken = default)
    {
        if (_options.Name is null)
        {
            throw new InvalidOperationException("A producer without a name (ProducerOptions.Name) begins anew: there is nothing to open.");
        }

        _hub.ThrowIfUnusable();
        return (await _hub.Identities.OpenAsync(cancellationToken).ConfigureAwait(false)).Positions;
    }

    /// <summary>
    /// Takes over one record without waiting for anything; <see cref="FlushAsync"/> and
    /// <see cref="ProducerOptions.OnDelivery"/> tell what became of it. Copies key, value and headers; allocates nothing.
    /// </summary>
    /// <param name="timestampMs">Milliseconds since 1970 UTC; null: now.</param>
    /// <returns>False when it was not taken: await <see cref="WaitForSpaceAsync"/> and try again.</returns>
    /// <exception cref="BrokerException">This record can never be sent: too large, no such topic or partition.</exception>
    public bool TrySend(
        string topic,
        OptionalBytes key,
        OptionalBytes value,
        long? timestampMs = null,
        int? partition = null,
        ReadOnlySpan<RecordHeader> headers = default)
    {
        if (_hub.Line.HasWaiters(topic))
        {
            return false;
        }

        ProducerTopic? target = Volatile.Read(ref _lastTopic);
        if (target is null || target.Name != topic)
        {
            target = FindTopic(topic);
            if (target is null)
            {
                return false;
            }

            Volatile.Write(ref _lastTopic, target);
        }

        return TryAppend(target, key, value, timestampMs, partition, headers, operation: null);
    }

    /// <summary>Completes when <see cref="TrySend"/>, having returned false, may succeed.</summary>
    /// <exception cref="BrokerException">The topic that it was called with could not be looked up.</exception>
    public async ValueTask WaitForSpaceAsync(CancellationToken cancellationToken = default)
    {
        _hub.ThrowIfUnusable();
        await _hub.Topics.WhenLoadedAsync(cancellationToken).ConfigureAwait(false);
        await _hub.Line.WhenGoneAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await _hub.Memory.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends what has gathered and waits until every record taken over before this call is through.</summary>
    /// <exception cref="BrokerException">
    /// The first failure, since the last flush, of a record that nobody awaits and no OnDelivery was told about.
    /// </exception>
    public async Task FlushAsync(CancellationToken cancellationToken = default)
    {
        _hub.ThrowIfUnusable();
        await _hub.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (_hub.Deliveries.TakeFailure() is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>
    /// Waits up to <see cref="ProducerOptions.CloseTimeout"/> for what is under way; what is left then fails with
    /// CLIENT_CLOSED. Throws nothing: flush first to learn of failures.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        using var patience = new CancellationTokenSource(_options.CloseTimeout, _context.Time);
        try
        {
            await _hub.FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The rest fails below, each record to whoever awaits it.
        }

        await _hub.DisposeAsync().ConfigureAwait(false);
    }

    private ProducerTopic? FindTopic(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        _hub.ThrowIfUnusable();
        return _hub.Topics.Find(name);
    }

    private Task<ProducerTopic> LoadTopic(string name)
    {
        _hub.ThrowIfUnusable();
        return _hub.Topics.LoadAsync(name);
    }

    private bool TryAppend(ProducerTopic topic, ProducerRecord record, RecordHeader[] headers, SendOperation operation)
    {
        return TryAppend(
            topic,
            record.Key,
            record.Value,
            record.Timestamp?.ToUnixTimeMilliseconds(),
            record.Partition,
            headers,
            operation);
    }

    private bool TryAppend(
        ProducerTopic topic,
        OptionalBytes key,
        OptionalBytes value,
        long? timestampMs,
        int? partition,
        ReadOnlySpan<RecordHeader> headers,
        SendOperation? operation)
    {
        int sizeBytesMax = BatchWriter.RecordSizeBytesMax(key, value, headers);
        CheckSize(topic, sizeBytesMax);
        PartitionQueue queue = topic.Choose(key, partition);
        AppendResult result = queue.TryAppend(
            timestampMs ?? _hub.Clock.WallMs, key, value, headers, sizeBytesMax, operation);
        _hub.Wake(queue, result);
        if (result == AppendResult.Closed)
        {
            // Deleted since it was looked up, or everything is over: the next look-up says which.
            Volatile.Write(ref _lastTopic, null);
            _hub.ThrowIfUnusable();
        }

        return result is not (AppendResult.NoMemory or AppendResult.Closed);
    }

    private RecordToAppend Prepare(ProducerRecord record)
    {
        RecordHeader[] headers = [.. record.Headers ?? []];
        return new RecordToAppend(
            record.Timestamp?.ToUnixTimeMilliseconds() ?? _hub.Clock.WallMs, record.Key, record.Value, headers,
            BatchWriter.RecordSizeBytesMax(record.Key, record.Value, headers));
    }

    private bool TryAppendTogether(
        ProducerTopic topic, int partition, RecordToAppend[] records, long expectedLastOffset, SendOperation operation)
    {
        CheckSize(topic, records.Max(record => record.SizeBytesMax));
        CheckBatchSize(topic, records.Sum(record => record.SizeBytesMax) + StoredBatch.OverheadBytes);
        PartitionQueue queue = topic.Choose(OptionalBytes.Null, partition);
        AppendResult result = queue.TryAppendTogether(records, expectedLastOffset, operation);
        _hub.Wake(queue, result);
        if (result == AppendResult.Closed)
        {
            _hub.ThrowIfUnusable();
        }

        return result is not (AppendResult.NoMemory or AppendResult.Closed);
    }

    private void CheckSize(ProducerTopic topic, int sizeBytesMax)
    {
        TopicMetadata metadata = topic.Metadata;
        if (sizeBytesMax > metadata.RecordBytesMax)
        {
            throw Failures.RecordTooLarge(topic.Name, sizeBytesMax, metadata.RecordBytesMax, "the largest record");
        }

        CheckBatchSize(topic, sizeBytesMax + StoredBatch.OverheadBytes);
    }

    private void CheckBatchSize(ProducerTopic topic, int batchSizeBytes)
    {
        TopicMetadata metadata = topic.Metadata;
        if (batchSizeBytes > metadata.BatchBytesMax)
        {
            throw Failures.RecordTooLarge(topic.Name, batchSizeBytes, metadata.BatchBytesMax, "the largest batch (max.message.bytes)");
        }

        if (batchSizeBytes > _options.BufferMemoryBytes / 2)
        {
            throw Failures.RecordTooLarge(topic.Name, batchSizeBytes, _options.BufferMemoryBytes / 2, "half of BufferMemoryBytes");
        }
    }

    private async ValueTask<RecordMetadata> SendInLineAsync(
        ProducerRecord record,
        RecordHeader[] headers,
        SendOperation operation,
        ValueTask<RecordMetadata> sent,
        CancellationToken cancellationToken)
    {
        var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task turn = _hub.Line.Join(record.Topic, place);
        try
        {
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            await AppendAsync(record, headers, operation, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BrokerException or OperationCanceledException or ArgumentException or ObjectDisposedException)
        {
            bool isClosing = e is OperationCanceledException && !cancellationToken.IsCancellationRequested;
            Exception error = isClosing ? Failures.Closed(last: null, isDefinite: true) : e;
            return await Refuse(operation, error).ConfigureAwait(false);
        }
        finally
        {
            _ = LeaveAfterAsync(turn, record.Topic, place);
        }

        return cancellationToken.CanBeCanceled
            ? await sent.AsTask().WaitAsync(cancellationToken).ConfigureAwait(false)
            : await sent.ConfigureAwait(false);
    }

    private async Task AppendAsync(
        ProducerRecord record,
        RecordHeader[] headers,
        SendOperation operation,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            ProducerTopic topic = await LoadTopic(record.Topic).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!topic.Has(record.Partition))
            {
                await _hub.Topics.CheckPartitionsAsync(topic, cancellationToken).ConfigureAwait(false);
            }

            if (TryAppend(topic, record, headers, operation))
            {
                return;
            }

            await _hub.Memory.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One who gave up early keeps the place until it is its turn: those behind wait for those before.</summary>
    private async Task LeaveAfterAsync(Task turn, string topic, TaskCompletionSource place)
    {
        await turn.ConfigureAwait(false);
        _hub.Line.Leave(topic, place);
    }

    private static ValueTask<RecordMetadata> Refuse(SendOperation operation, Exception error)
    {
        operation.Activity?.SetStatus(ActivityStatusCode.Error, error.Message);
        operation.Activity?.Dispose();
        operation.Return();
        return ValueTask.FromException<RecordMetadata>(error);
    }

    private static RecordHeader[] WithTraceContext(RecordHeader[] headers, Activity activity)
    {
        if (activity.Id is null || headers.Any(header => header.Key == MessagingNames.TraceParent))
        {
            return headers;
        }

        var parent = new RecordHeader(MessagingNames.TraceParent, Encoding.ASCII.GetBytes(activity.Id));
        return string.IsNullOrEmpty(activity.TraceStateString)
            ? [.. headers, parent]
            : [.. headers, parent, new(MessagingNames.TraceState, Encoding.ASCII.GetBytes(activity.TraceStateString))];
    }
}
