using Broker.Client.Diagnostics;
using Broker.Client.Transport;
using Grpc.Core;

namespace Broker.Client.Producing;

/// <summary>
/// Carries the batches of some partitions over one connection for as long as the producer lives: opens the stream when
/// there is work, opens it again after it broke, and ends what took too long.
/// </summary>
internal sealed class ProduceConnection : IAsyncDisposable
{
    // Fine enough for back-off and time-outs; the linger time asks for more.
    private const double TickMsMax = 25;

    private readonly ClientContext _context;
    private readonly ProducerOptions _options;
    private readonly ProducerHub _hub;
    private readonly BrokerConnection _connection;
    private readonly SendList _sendList = new();
    private readonly AsyncSignal _signal = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _ticker;
    private readonly TimeSpan _tick;
    private readonly Task _running;
    private CancellationTokenSource? _streamEnding;
    private BrokerException? _lastError;
    private int _failedAttempts;
    private int _isArmed;
    private int _isTicking;

    public ProduceConnection(ClientContext context, ProducerOptions options, ProducerHub hub)
    {
        _context = context;
        _options = options;
        _hub = hub;
        _connection = new BrokerConnection(context.Options, context.Server);
        double tickMs = options.LingerMs > 0 ? Math.Clamp(options.LingerMs / 2, 1, TickMsMax) : TickMsMax;
        _tick = TimeSpan.FromMilliseconds(tickMs);
        _ticker = context.Time.CreateTimer(static state => ((ProduceConnection)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = RunAsync();
    }

    /// <summary>Tells the loop that this queue may have something to send.</summary>
    public void Wake(PartitionQueue queue, QueueMarks mark)
    {
        _sendList.Add(queue, mark);
        _signal.Set();
        Arm();
    }

    /// <summary>Something that affects all queues has changed.</summary>
    public void Wake() => _signal.Set();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _signal.Set();
        await _ticker.DisposeAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _connection.Dispose();
        _closing.Dispose();
    }

    private async Task RunAsync()
    {
        // The constructor's caller goes on.
        await Task.Yield();
        try
        {
            await RunStreamsAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Without this loop nothing would ever be answered again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _hub.Fail(e);
            Disconnect(nothingArrived: false);
        }
    }

    private async Task RunStreamsAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            if (!HasWork())
            {
                await _signal.WaitAsync().ConfigureAwait(false);
                continue;
            }

            bool hasProgressed = await RunStreamAsync().ConfigureAwait(false);
            if (_closing.IsCancellationRequested)
            {
                return;
            }

            _failedAttempts = hasProgressed ? 1 : _failedAttempts + 1;
            await WaitToReconnectAsync().ConfigureAwait(false);
        }
    }

    private bool HasWork() =>
        _hub.HasCommit || (_hub.HasOutstanding && _sendList.Count(QueueMarks.Full) + _sendList.Count(QueueMarks.Unfinished) > 0);

    /// <returns>True when the broker answered at least once.</returns>
    private async Task<bool> RunStreamAsync()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        Volatile.Write(ref _streamEnding, ending);
        var stream = new ProduceStream(
            _context, _options, _sendList, _signal, () => _hub.IsUrgent, () => _hub.Identity, _hub.TakeCommit, OnAnswer);
        bool wasLive = _connection.MayBeLive;
        int establishedCount = _connection.EstablishedCount;
        bool nothingArrived = false;
        BrokerException? error = null;
        try
        {
            await _hub.Identities.GetAsync(unusable: null, ending.Token).ConfigureAwait(false);
            await stream.RunAsync(_connection.Invoker, ending.Token).ConfigureAwait(false);
        }
        catch (RpcException e) when (!ending.IsCancellationRequested)
        {
            nothingArrived = ErrorMapper.NeverConnected(e);
            error = ErrorMapper.FromRpc(e, _context.Server, _context.HasReachedBroker);
        }
        catch (BrokerException e)
        {
            nothingArrived = true;
            error = e;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // Closing, or given up because an answer was overdue.
            error = Failures.NoAnswer(_context.Server);
        }
        finally
        {
            Volatile.Write(ref _streamEnding, null);
        }

        nothingArrived |= !wasLive && _connection.EstablishedCount == establishedCount;
        Volatile.Write(ref _lastError, error);
        _hub.DropCommit();
        Disconnect(nothingArrived);
        FailIfHopeless(error);
        return stream.HasProgressed;
    }

    private void Disconnect(bool nothingArrived)
    {
        var outcomes = new List<BatchOutcome>();
        foreach (PartitionQueue queue in _hub.QueuesOf(this))
        {
            _hub.React(queue, queue.OnDisconnected(nothingArrived, outcomes));
        }

        _hub.Deliveries.Complete(outcomes);
    }

    /// <summary>What no further attempt can change goes to the callers now and not after the delivery time-out.</summary>
    private void FailIfHopeless(BrokerException? error)
    {
        bool isHopeless = error is not null && (!error.IsRetriable || !_context.HasReachedBroker)
            && !_closing.IsCancellationRequested;
        if (!isHopeless)
        {
            return;
        }

        var outcomes = new List<BatchOutcome>();
        foreach (PartitionQueue queue in _hub.QueuesOf(this))
        {
            queue.FailAll(isDefinite => ErrorMapper.WithDefinite(error!, isDefinite), outcomes);
        }

        _hub.Deliveries.Complete(outcomes);
    }

    private async Task WaitToReconnectAsync()
    {
        if (!HasWork())
        {
            return;
        }

        TimeSpan wait = _context.Backoff.Wait(_failedAttempts - 1);
        LogWait(Volatile.Read(ref _lastError), (long)wait.TotalMilliseconds);
        try
        {
            await Task.Delay(wait, _context.Time, _closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Closing: the loop sees it.
        }
    }

    private void LogWait(BrokerException? error, long waitMs)
    {
        string server = _context.Server.Display;
        if (error is null or { Reason: ErrorReasons.NetworkException or ErrorReasons.RequestTimedOut })
        {
            Log.ConnectionLost(_context.Logger, "Producer", server, error?.Message ?? "the broker ended the stream.", waitMs);
        }
        else
        {
            Log.ProducerRefusedForNow(_context.Logger, server, error.Reason, error.Message, waitMs);
        }
    }

    private void OnAnswer(PartitionQueue queue, Reaction reaction, List<BatchOutcome> outcomes)
    {
        if (_failedAttempts > 0)
        {
            Log.Reconnected(_context.Logger, "Producer", _context.Server.Display, _failedAttempts);
            _failedAttempts = 0;
            Volatile.Write(ref _lastError, null);
        }

        _hub.Tell(queue, reaction);
        _hub.Deliveries.Complete(outcomes);
        _hub.React(queue, reaction);
    }

    /// <summary>Has the timer run while something is under way: a thousand producers that rest cost nothing.</summary>
    private void Arm()
    {
        if (Volatile.Read(ref _isArmed) == 0 && Interlocked.Exchange(ref _isArmed, 1) == 0)
        {
            _ticker.Change(_tick, _tick);
        }
    }

    private void Disarm()
    {
        _ticker.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Interlocked.Exchange(ref _isArmed, 0);

        // What has come meanwhile may have seen the timer run.
        if (_hub.HasOutstanding)
        {
            Arm();
        }
    }

    /// <summary>Runs on the timer: ends what took too long and wakes what waited for its time.</summary>
    private void Tick()
    {
        if (!_hub.HasOutstanding)
        {
            Disarm();
            return;
        }

        if (Interlocked.Exchange(ref _isTicking, 1) == 1)
        {
            return;
        }

        try
        {
            Expire();
        }
#pragma warning disable CA1031 // An exception that leaves a timer ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _hub.Fail(e);
        }

        _signal.Set();
        Volatile.Write(ref _isTicking, 0);
    }

    private void Expire()
    {
        var outcomes = new List<BatchOutcome>();
        bool inFlightExpired = false;
        foreach (PartitionQueue queue in _hub.QueuesOf(this))
        {
            Reaction reaction = queue.Expire(_options.DeliveryTimeout, Volatile.Read(ref _lastError), outcomes, out bool expired);
            inFlightExpired |= expired;
            _hub.React(queue, reaction | (queue.HasUnsent ? Reaction.Send : Reaction.None));
        }

        _hub.Deliveries.Complete(outcomes);
        if (inFlightExpired)
        {
            EndStream();
        }
    }

    private void EndStream()
    {
        try
        {
            Volatile.Read(ref _streamEnding)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself just now.
        }
    }
}
