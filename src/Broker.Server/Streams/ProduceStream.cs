using System.Runtime.CompilerServices;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Server.Services;
using Broker.Storage;
using Grpc.Core;
using Durability = Broker.Protocol.V1.Durability;
using TransactionContext = Broker.Engine.Transactions.TransactionContext;

namespace Broker.Server.Streams;

/// <summary>
/// One produce stream. The reader checks and appends request after request; the ack pump follows the journal and writes
/// one response for everything that has become ready.
/// </summary>
internal sealed class ProduceStream : ITickable
{
    // A response of 1,000 acks is some 40 KB; more at once would only delay the first of them.
    private const int AcksPerResponseMax = 1000;

    private readonly StreamContext _context;
    private readonly ByteBudget _connectionBudget;
    private readonly IAsyncStreamReader<ProduceFrame> _requests;
    private readonly IServerStreamWriter<ProduceResponse> _responses;
    private readonly PendingAcks _pending = new();
    private readonly WakeSignal _wake = new();
    private readonly AckBuilder _acks;
    private readonly StreamTransactions _transactions;
    private BatchOutcome[] _outcomes = new BatchOutcome[16];
    private LsnSubscription? _subscription;
    private volatile bool _isReadingDone;
    private volatile bool _wasUsed;
    private volatile bool _isIdle;

    public ProduceStream(
        StreamContext context,
        ByteBudget connectionBudget,
        IAsyncStreamReader<ProduceFrame> requests,
        IServerStreamWriter<ProduceResponse> responses)
    {
        _context = context;
        _connectionBudget = connectionBudget;
        _requests = requests;
        _responses = responses;
        _acks = new AckBuilder(context.Engine.Incarnation);
        _transactions = new StreamTransactions(context.Engine);
    }

    /// <summary>Serves the stream until the client ends it, goes away, or the broker stops.</summary>
    public async Task RunAsync(CancellationToken callToken)
    {
        using var readStop = CancellationTokenSource.CreateLinkedTokenSource(callToken, _context.Stopping);
        Task pump = PumpAsync(readStop, callToken);
        try
        {
            await ReadAsync(readStop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (readStop.IsCancellationRequested)
        {
            // The pump says why: it failed, the client is gone, or the broker stops.
        }
        finally
        {
            _isReadingDone = true;
            _wake.Signal();
            await pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Free(_pending.TakeAllBytes());
            _transactions.NoteLost();
        }

        await pump.ConfigureAwait(false);
        callToken.ThrowIfCancellationRequested();
        if (_context.Stopping.IsCancellationRequested)
        {
            throw _context.StoppingError();
        }
    }

    public void Tick()
    {
        // Progress of the journal wakes every subscription: a stream without traffic gives its own back.
        if (!_wasUsed && !_isIdle)
        {
            _isIdle = true;
            _wake.Signal();
        }

        _wasUsed = false;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var admission = new BatchAdmission(_context);
        while (await _requests.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            ProduceFrame frame = _requests.Current;
            int takenBytes = 0;
            try
            {
                await TakeBytesAsync(frame.Buffer!.Length, cancellationToken).ConfigureAwait(false);
                takenBytes = frame.Buffer.Length;
                (long visibleLsn, long writtenLsn, long received) = Append(frame, admission);
                CommitResult? commit = null;
                if (frame.Commit is { } asked)
                {
                    (commit, long lsn) = await _transactions.CommitAsync(asked, cancellationToken).ConfigureAwait(false);
                    visibleLsn = Math.Max(visibleLsn, lsn);
                }

                AddPending(new PendingRequest(
                    frame.CorrelationId, frame.Count, visibleLsn, writtenLsn, Math.Max(visibleLsn, writtenLsn), frame.Buffer.Length, received, commit));
                takenBytes = 0;
            }
            finally
            {
                // What was appended is given back when the journal is done with it, the rest now.
                Free(takenBytes);
                frame.Release();
            }
        }
    }

    /// <summary>Takes the batches of a request in; their outcomes are in <see cref="_outcomes"/>.</summary>
    /// <returns>How far the journal must be visible, and written, for the ack; and when the request came.</returns>
    private (long VisibleLsn, long WrittenLsn, long Received) Append(ProduceFrame frame, BatchAdmission admission)
    {
        long received = _context.Time.GetTimestamp();
        if (_outcomes.Length < frame.Count)
        {
            _outcomes = new BatchOutcome[frame.Count];
        }

        TransactionContext? transaction = frame.Transaction is { } named ? TransactionMessages.Convert(named) : null;
        (long visibleLsn, long writtenLsn) = (0, 0);
        for (int i = 0; i < frame.Count; i++)
        {
            FrameBatch batch = frame[i];
            BatchOutcome outcome = admission.Append(batch, frame.Buffer!, frame.Durability, transaction);
            _transactions.Note(batch, transaction, isRefused: outcome.Error is not null);
            _context.Metrics.Produced(batch.StoredBatch.Span, outcome);
            _outcomes[i] = outcome;
            ref long lsn = ref outcome.Durability == Durability.Os ? ref writtenLsn : ref visibleLsn;
            lsn = Math.Max(lsn, outcome.Lsn);
        }

        return (visibleLsn, writtenLsn, received);
    }

    private void AddPending(in PendingRequest request)
    {
        bool wasEmpty = _pending.Add(request, _outcomes.AsSpan(0, request.OutcomeCount));
        _wasUsed = true;
        if (wasEmpty)
        {
            _wake.Signal();
        }
    }

    private ValueTask TakeBytesAsync(int bytes, CancellationToken cancellationToken)
    {
        ValueTask taken = _connectionBudget.TakeAsync(bytes, cancellationToken);
        return taken.IsCompletedSuccessfully
            ? TakeBrokerBytesAsync(bytes, cancellationToken)
            : ThrottledAsync(taken, bytes, cancellationToken);
    }

    private ValueTask TakeBrokerBytesAsync(int bytes, CancellationToken cancellationToken)
    {
        ValueTask taken = _context.ProduceBudget.TakeAsync(bytes, cancellationToken);
        return taken.IsCompletedSuccessfully ? taken : GiveBackOnFailureAsync(taken, bytes);
    }

    private async ValueTask ThrottledAsync(ValueTask connectionBytes, int bytes, CancellationToken cancellationToken)
    {
        _context.Metrics.Throttled.Inc();
        await connectionBytes.ConfigureAwait(false);
        await TakeBrokerBytesAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask GiveBackOnFailureAsync(ValueTask brokerBytes, int bytes)
    {
        _context.Metrics.Throttled.Inc();
        try
        {
            await brokerBytes.ConfigureAwait(false);
        }
        catch
        {
            _connectionBudget.Release(bytes);
            throw;
        }
    }

    private void Free(long bytes)
    {
        if (bytes > 0)
        {
            _context.ProduceBudget.Release(bytes);
            _connectionBudget.Release(bytes);
        }
    }

    private async Task PumpAsync(CancellationTokenSource readStop, CancellationToken callToken)
    {
        try
        {
            // The reader's loop starts while this waits, not after it.
            await Task.Yield();
            while (await PumpOnceAsync(callToken).ConfigureAwait(false))
            {
            }
        }
        catch
        {
            await readStop.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _subscription?.Dispose();
        }
    }

    /// <returns>False when the stream is over and nothing is left to acknowledge.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> PumpOnceAsync(CancellationToken callToken)
    {
        callToken.ThrowIfCancellationRequested();
        LsnProgress progress = _context.Log.Progress;
        bool wasReadingDone = _isReadingDone;
        Exception? failure = progress.Failure;
        long visibleLsn = progress.VisibleLsn;

        // In this order no request is overlooked. One that comes after a look that found nothing pending signals the wake; one
        // that comes later stands behind another that was there, is still there after the taking, and so needs the journal to
        // go on, which signals the subscription.
        Free(_pending.TakeFreedBytes(failure is null ? visibleLsn : long.MaxValue));
        bool wasEmpty = _pending.IsEmpty;
        TakeReady(progress.WrittenLsn, visibleLsn);
        if (_acks.AckCount > 0)
        {
            await _responses.WriteAsync(_acks.Response, CancellationToken.None).ConfigureAwait(false);
            _acks.Clear();
            return true;
        }

        if (wasEmpty)
        {
            return !wasReadingDone && await WaitForRequestAsync().ConfigureAwait(false);
        }

        if (failure is not null)
        {
            throw ErrorMap.OutcomeUnknown(failure);
        }

        if (_subscription is null)
        {
            // What was reached before it existed is not signalled: look again before waiting.
            _subscription = progress.Subscribe();
            return true;
        }

        await _subscription.WaitAsync(callToken).ConfigureAwait(false);
        return true;
    }

    private void TakeReady(long writtenLsn, long visibleLsn)
    {
        while (_acks.AckCount < AcksPerResponseMax && _pending.TryTakeReady(writtenLsn, visibleLsn, _acks, out PendingRequest request))
        {
            _context.Metrics.AppendToAckSeconds.Observe(_context.Time.GetElapsedTime(request.ReceivedTimestamp).TotalSeconds);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitForRequestAsync()
    {
        if (_isIdle)
        {
            _subscription?.Dispose();
            _subscription = null;
        }

        await _wake.WaitAsync().ConfigureAwait(false);
        _isIdle = _isIdle && !_wasUsed;
        return true;
    }
}
