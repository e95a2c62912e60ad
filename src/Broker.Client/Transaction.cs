using Broker.Client.Producing;
using Broker.Client.Transactions;
using Broker.Client.Transport;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;

namespace Broker.Client;

/// <summary>
/// One transaction: records and offsets that count together or not at all. Disposed before it was committed, it is aborted.
/// </summary>
/// <remarks>Thread-safe for sending. Committing or aborting ends it.</remarks>
public sealed class Transaction : IRecordSink, IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly Producer _producer;
    private readonly ProducerOptions _options;
    private readonly TransactionCalls _calls;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Group, string Topic, int Partition), long> _offsets = [];
    private readonly TransactionKey _key;
    private BrokerException? _failure;
    private CommitTransactionRequest? _request;
    private CommitTransactionRequest? _commit;
    private TransactionResult? _result;
    private bool _isCommitting;
    private bool _mayBeCommitted;
    private bool _isAborted;

    internal Transaction(
        ClientContext context, Producer producer, ProducerOptions options, TransactionCalls calls, ProducerIdentity identity, ulong number)
    {
        _context = context;
        _producer = producer;
        _options = options;
        _calls = calls;
        ulong incarnation = context.Incarnation;
        _key = new TransactionKey
        {
            Incarnation = incarnation,
            ProducerId = identity.Id,
            ProducerEpoch = (uint)identity.Epoch,
            Number = number,
        };
        Timeout = options.TransactionTimeout;
        producer.Hub.Deliveries.Failed = Fail;
        producer.Hub.BeginTransaction(identity.Within(new FrameTransaction(incarnation, number, (uint)Timeout.TotalMilliseconds)));
    }

    /// <summary>Counts the transactions of a producer since it was opened.</summary>
    public long Number => (long)_key.Number;

    /// <summary>For how long it may be open: then the broker aborts it.</summary>
    public TimeSpan Timeout { get; }

    internal bool IsOver => _isAborted || _result is not null;

    /// <summary>Nobody will end it any more: the next one of this producer does.</summary>
    internal bool IsLeftBehind { get; private set; }

    /// <summary>
    /// Takes over one record; completes when there is room for it, not when it is written. Records for one partition are in the log in
    /// the order of the calls.
    /// </summary>
    /// <exception cref="AbortTransactionException">The transaction cannot be committed any more: abort it and begin again.</exception>
    /// <exception cref="BrokerException">This record can never be sent: too large, no such topic or partition.</exception>
    public ValueTask SendAsync(ProducerRecord record, CancellationToken cancellationToken = default) =>
        IRecordSink.SendAsync(this, record, cancellationToken);

    /// <inheritdoc cref="SendAsync(ProducerRecord, CancellationToken)"/>
    public ValueTask SendAsync(string topic, ReadOnlyMemory<byte>? key, ReadOnlyMemory<byte>? value, CancellationToken cancellationToken = default) =>
        SendAsync(new ProducerRecord { Topic = topic, Key = key, Value = value }, cancellationToken);

    /// <inheritdoc cref="SendAsync(ProducerRecord, CancellationToken)"/>
    /// <remarks>Key and value are written as UTF-8. A null string is a null key or value.</remarks>
    public ValueTask SendAsync(string topic, string? key, string? value, CancellationToken cancellationToken = default) =>
        SendAsync(ProducerRecord.OfText(topic, key, value), cancellationToken);

    /// <summary>Takes over one record without waiting for anything. Copies key, value and headers; allocates nothing.</summary>
    /// <param name="timestampMs">Milliseconds since 1970 UTC; null: now.</param>
    /// <returns>False when it was not taken: await <see cref="WaitForSpaceAsync"/> and try again.</returns>
    /// <inheritdoc cref="SendAsync(ProducerRecord, CancellationToken)"/>
    public bool TrySend(
        string topic, OptionalBytes key, OptionalBytes value, long? timestampMs = null, int? partition = null,
        ReadOnlySpan<RecordHeader> headers = default)
    {
        ThrowIfOver();
        return _producer.TrySend(topic, key, value, timestampMs, partition, headers);
    }

    /// <inheritdoc cref="Producer.WaitForSpaceAsync"/>
    public ValueTask WaitForSpaceAsync(CancellationToken cancellationToken = default) => _producer.WaitForSpaceAsync(cancellationToken);

    /// <summary>Has a group's offsets committed with the records. The last one for a partition counts.</summary>
    public void SendOffsets(string group, IEnumerable<TopicPartitionOffset> offsets)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(offsets);
        ThrowIfOver();
        lock (_gate)
        {
            foreach (TopicPartitionOffset offset in offsets)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(offset.Offset);
                _offsets[(group, offset.Topic, offset.Partition)] = offset.Offset;
            }
        }
    }

    /// <summary>
    /// Commits. When the broker does not answer it is asked again, for as long as <see cref="ProducerOptions.DeliveryTimeout"/>, which
    /// commits once at most; after that the outcome is unknown, and this may be called again, or <see cref="GetOutcomeAsync"/>.
    /// </summary>
    /// <exception cref="AbortTransactionException">It was aborted, nothing of it was written: begin again.</exception>
    /// <exception cref="FatalException">Another instance has taken the name over.</exception>
    /// <exception cref="RetriableException">Whether it was committed is unknown.</exception>
    public async Task<TransactionResult> CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_result is { } known)
        {
            return known;
        }

        _isCommitting = true;
        if (_commit is null)
        {
            _request ??= await ToRequestAsync(cancellationToken).ConfigureAwait(false);
            _result = await CommitBehindBatchesAsync(_request, cancellationToken).ConfigureAwait(false);
            if (_result is not null)
            {
                return _result;
            }

            // What has failed meanwhile is aborted there: after this call there is nothing left to end.
            _result = await FlushAsync(cancellationToken).ConfigureAwait(false);
            if (_result is not null)
            {
                return _result;
            }

            Invariant.Check(_producer.Hub.TryGetManifest(_request.Manifest));
            _commit = _request;
        }

        try
        {
            _result = _commit.Manifest.Count + _commit.Offsets.Count == 0
                ? new TransactionResult([], _context.Time.GetUtcNow())
                : await _calls.CommitAsync(_commit, _mayBeCommitted, cancellationToken).ConfigureAwait(false);
            return _result;
        }
        catch (BrokerException e) when (e.IsDefinite)
        {
            throw End(e);
        }
    }

    /// <summary>What became of it. If nothing has yet, it is aborted by this.</summary>
    /// <returns>Null when it was aborted.</returns>
    public async Task<TransactionResult?> GetOutcomeAsync(CancellationToken cancellationToken = default)
    {
        if (!IsOver)
        {
            if (_commit is null)
            {
                await DropAsync(cancellationToken).ConfigureAwait(false);
            }

            _result = await _calls.OutcomeAsync(_key, cancellationToken).ConfigureAwait(false);
            _isAborted = _result is null;
        }

        return _result;
    }

    /// <summary>Gives up what was sent. Does nothing when it was aborted before.</summary>
    /// <exception cref="InvalidOperationException">It was committed.</exception>
    public async Task AbortAsync(CancellationToken cancellationToken = default)
    {
        if (_result is not null)
        {
            throw new InvalidOperationException("The transaction was committed.");
        }

        if (_isAborted)
        {
            return;
        }

        await DropAsync(cancellationToken).ConfigureAwait(false);
        _isAborted = true;
        await _calls.AbortAsync(_key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Aborts it when it was not committed. Throws nothing: the broker aborts by itself what nobody ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsOver)
        {
            return;
        }

        using var patience = new CancellationTokenSource(_context.Options.RequestTimeout, _context.Time);
        try
        {
            await AbortAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BrokerException or OperationCanceledException or ObjectDisposedException)
        {
            // The next one of this producer, or its timeout, ends it.
            IsLeftBehind = true;
        }
    }

    /// <summary>One exchange with the broker for the last batches and the commit.</summary>
    /// <returns>Null when the broker is to be asked once more: it has not answered, or not taken all that was sent.</returns>
    private async Task<TransactionResult?> CommitBehindBatchesAsync(CommitTransactionRequest request, CancellationToken cancellationToken)
    {
        if (_mayBeCommitted || Volatile.Read(ref _failure) is not null || (request.Offsets.Count == 0 && !_producer.Hub.HasSent))
        {
            return null;
        }

        _mayBeCommitted = true;
        CommitResult? answer = await _producer.Hub.CommitAsync(request.Clone(), _options.DeliveryTimeout, cancellationToken).ConfigureAwait(false);
        if (answer?.Error is not { } error)
        {
            return answer is null ? null : AdminModels.ToResult(answer.Commit);
        }

        _mayBeCommitted = !error.Definite;
        return error.Retriable || !error.Definite ? null : throw End(ErrorMapper.FromError(error));
    }

    /// <summary>A commit that was definitely refused has ended the transaction.</summary>
    /// <returns>What the caller is told.</returns>
    private BrokerException End(BrokerException refusal)
    {
        _isAborted = true;
        return ToAbort(refusal);
    }

    /// <summary>Sends what has gathered, and sees that the broker holds all of it; with a part of it lost, ends the transaction.</summary>
    /// <returns>Not null when it turns out to be committed.</returns>
    private async Task<TransactionResult?> FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            Fail(e);
        }

        if (Volatile.Read(ref _failure) is not { } failure)
        {
            return null;
        }

        if (_mayBeCommitted)
        {
            return await GetOutcomeAsync(cancellationToken).ConfigureAwait(false) ?? throw ToAbort(failure);
        }

        await AbortAsync(cancellationToken).ConfigureAwait(false);
        throw ToAbort(failure);
    }

    /// <summary>All but the manifest.</summary>
    private async Task<CommitTransactionRequest> ToRequestAsync(CancellationToken cancellationToken)
    {
        var request = new CommitTransactionRequest { Transaction = _key };
        foreach (IGrouping<string, KeyValuePair<(string Group, string Topic, int Partition), long>> group in _offsets.GroupBy(offset => offset.Key.Group))
        {
            request.Offsets.AddRange(await GroupClient.ToWireAsync(
                _context, group.Key, group.Select(offset => new TopicPartitionOffset(offset.Key.Topic, offset.Key.Partition, offset.Value)),
                cancellationToken).ConfigureAwait(false));
        }

        return request;
    }

    /// <summary>Nothing of it is sent any more, and what is on its way is answered.</summary>
    private async Task DropAsync(CancellationToken cancellationToken)
    {
        Fail(new AbortTransactionException(ErrorReasons.TransactionAbortable, "The transaction was aborted.", isDefinite: true));
        try
        {
            await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (BrokerException)
        {
            // That is what dropping does.
        }
    }

    /// <summary>One batch is missing for good: the others are of no use.</summary>
    private void Fail(BrokerException error)
    {
        if (Interlocked.CompareExchange(ref _failure, error, null) is null)
        {
            _producer.Hub.AbandonTransaction(error);
        }
    }

    private void ThrowIfOver()
    {
        if (_result is not null || _isCommitting)
        {
            throw new InvalidOperationException("The transaction is committed, or being committed.");
        }

        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw ToAbort(failure);
        }
    }

    /// <summary>What the caller is told of a transaction that is certainly over.</summary>
    private static BrokerException ToAbort(BrokerException cause) => cause is AbortTransactionException or FatalException
        ? ErrorMapper.WithDefinite(cause, isDefinite: true)
        : new AbortTransactionException(
            cause.Reason, $"The transaction was aborted and nothing of it was written: {cause.Message}", isDefinite: true, cause.Metadata, cause);
}
