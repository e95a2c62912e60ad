using System.Runtime.CompilerServices;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;
using Broker.Server.Services;
using Broker.Storage.Segments;
using Grpc.Core;

namespace Broker.Server.Streams;

/// <summary>
/// One fetch stream. The reader takes starts, stops and credit; the sender serves the partitions that have something to
/// read in turn, one response each, straight from the log.
/// </summary>
internal sealed class FetchStream : ITickable
{
    private readonly StreamContext _context;
    private readonly BrokerEngine _engine;
    private readonly IAsyncStreamReader<FetchRequest> _requests;
    private readonly IServerStreamWriter<FetchFrame> _responses;
    private readonly WakeSignal _wake = new();
    private readonly Lock _gate = new();

    // Guarded by the gate.
    private readonly Queue<FetchCursor> _announcements = new();
    private readonly Queue<FetchCursor> _ready = new();
    private readonly Dictionary<uint, FetchCursor> _cursors = [];
    private long _creditBytes;
    private int _responseBytesMax;

    private readonly FetchFrame _frame = new();
    private long _lastSentTimestamp;
    private volatile bool _isHalfClosed;
    private volatile bool _isHeartbeatDue;

    public FetchStream(StreamContext context, IAsyncStreamReader<FetchRequest> requests, IServerStreamWriter<FetchFrame> responses)
    {
        _context = context;
        _engine = context.Engine;
        _requests = requests;
        _responses = responses;
        _responseBytesMax = context.Limits.FetchResponseBytesMax;
        _lastSentTimestamp = context.Time.GetTimestamp();
    }

    /// <summary>Serves the stream until the client ends it, goes away, or the broker stops.</summary>
    public async Task RunAsync(CancellationToken callToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(callToken, _context.Stopping);
        await using CancellationTokenRegistration wakeUp = stop.Token.UnsafeRegister(static s => ((WakeSignal)s!).Signal(), _wake);
        Task sender = SendAsync(stop);
        try
        {
            await ReadAsync(stop.Token).ConfigureAwait(false);
            // The client will grant nothing more, and gets what it has granted.
            _isHalfClosed = true;
            _wake.Signal();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The sender failed, the client is gone, or the broker stops: told apart below.
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            await sender.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            StopAll();
        }

        await sender.ConfigureAwait(false);
        callToken.ThrowIfCancellationRequested();
        if (_context.Stopping.IsCancellationRequested)
        {
            throw _context.StoppingError();
        }
    }

    public void Tick()
    {
        if (_context.Time.GetElapsedTime(Volatile.Read(ref _lastSentTimestamp)) >= StreamLimits.HeartbeatAfter)
        {
            _isHeartbeatDue = true;
            _wake.Signal();
        }
    }

    /// <summary>Puts a partition into the queue, unless it is there. Called on the journal's thread, among others.</summary>
    public void Enqueue(FetchCursor cursor)
    {
        if (cursor.TryMarkQueued())
        {
            lock (_gate)
            {
                _ready.Enqueue(cursor);
            }

            _wake.Signal();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (await _requests.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            FetchRequest request = _requests.Current;
            foreach (uint startId in request.Stops)
            {
                Stop(startId);
            }

            foreach (FetchStart start in request.Starts)
            {
                Start(start);
            }

            lock (_gate)
            {
                // A grant beyond any sense counts as "no limit".
                ulong credit = Math.Min(request.CreditBytes, long.MaxValue / 2);
                _creditBytes = Math.Min(_creditBytes + (long)credit, long.MaxValue / 2);
                if (request.MaxResponseBytes > 0)
                {
                    _responseBytesMax = (int)Math.Min(request.MaxResponseBytes, (uint)_context.Limits.FetchResponseBytesMax);
                }
            }

            _wake.Signal();
        }
    }

    private void Start(FetchStart start)
    {
        FetchCursor cursor = Resolve(start);
        lock (_gate)
        {
            if (start.StartId == 0 || _cursors.ContainsKey(start.StartId))
            {
                throw ErrorMap.ToRpcException(
                    BrokerError.InvalidRequest, $"start_id {start.StartId} is 0 or in use on this stream: choose another one.");
            }

            if (_cursors.Count == _context.Limits.FetchPartitionsMax)
            {
                throw ErrorMap.ToRpcException(
                    BrokerError.InvalidRequest,
                    $"One stream follows at most {_context.Limits.FetchPartitionsMax} partitions (limits.fetch_partitions_per_stream).");
            }

            if (cursor.Partition is not null)
            {
                _cursors.Add(start.StartId, cursor);
            }

            _announcements.Enqueue(cursor);
        }
    }

    private FetchCursor Resolve(FetchStart start)
    {
        PartitionHandle? partition = start.TopicId.Length == TopicId.SizeBytes
            ? _engine.FindPartition(TopicId.Read(start.TopicId.Span), start.Partition)
            : null;
        if (partition is null)
        {
            return Refused(start, ErrorMap.ToError(
                BrokerError.UnknownTopicOrPartition,
                $"There is no partition {start.Partition} of a topic with id {Convert.ToHexStringLower(start.TopicId.Span)}: "
                    + "it was deleted, or deleted and created anew."));
        }

        try
        {
            return new FetchCursor(this, start.StartId, partition, Offsets.Resolve(partition, start.From), error: null);
        }
        catch (Exception e) when (ErrorMap.TryMapToError(e) is { } error)
        {
            return Refused(start, error);
        }
    }

    private FetchCursor Refused(FetchStart start, Error error) => new(this, start.StartId, partition: null, nextOffset: 0, error);

    private void Stop(uint startId)
    {
        lock (_gate)
        {
            if (!_cursors.Remove(startId, out FetchCursor? cursor))
            {
                return;
            }

            cursor.IsStopped = true;
            cursor.Partition!.RemoveWatcher(cursor);
        }
    }

    private void StopAll()
    {
        uint[] startIds;
        lock (_gate)
        {
            startIds = [.. _cursors.Keys];
        }

        foreach (uint startId in startIds)
        {
            Stop(startId);
        }
    }

    private async Task SendAsync(CancellationTokenSource stop)
    {
        try
        {
            // The reader's loop starts while this waits, not after it.
            await Task.Yield();
            while (!stop.IsCancellationRequested && !IsUsedUp())
            {
                await SendOnceAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private bool IsUsedUp()
    {
        lock (_gate)
        {
            return _isHalfClosed && _creditBytes <= 0 && _announcements.Count == 0;
        }
    }

    private ValueTask SendOnceAsync()
    {
        FetchCursor? announced, ready = null;
        int bytesMax;
        lock (_gate)
        {
            bytesMax = (int)Math.Min(_creditBytes, _responseBytesMax);
            _ = _announcements.TryDequeue(out announced) || (_creditBytes > 0 && _ready.TryDequeue(out ready));
        }

        if (announced is not null)
        {
            return AnnounceAsync(announced);
        }

        if (ready is not null)
        {
            return ServeAsync(ready, bytesMax);
        }

        return _isHeartbeatDue ? HeartbeatAsync() : _wake.WaitAsync();
    }

    /// <summary>Tells where a start was resolved to, or why it was refused.</summary>
    private async ValueTask AnnounceAsync(FetchCursor cursor)
    {
        if (cursor.IsStopped)
        {
            return;
        }

        Prepare(cursor, cursor.Error);
        await WriteAsync().ConfigureAwait(false);
        if (cursor.Partition is { } partition)
        {
            lock (_gate)
            {
                if (cursor.IsStopped)
                {
                    return;
                }

                partition.AddWatcher(cursor);
            }

            // Looked at after the watcher was added: nothing falls in between.
            if (partition.HighWatermark > cursor.NextOffset)
            {
                Enqueue(cursor);
            }
        }
    }

    /// <summary>Sends one response, then queues the partition again behind the others when it has more.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ServeAsync(FetchCursor cursor, int bytesMax)
    {
        // From here on a change queues it again: none is missed between the read and the end of this turn.
        cursor.MarkTaken();
        PartitionHandle partition = cursor.Partition!;
        if (cursor.IsStopped)
        {
            return;
        }

        ReadResult read = Offsets.Read(_context.Log, partition, cursor.NextOffset, bytesMax);
        using (LogSlice slice = read.Slice)
        {
            if (read.Error != BrokerError.None)
            {
                Stop(cursor.StartId);
                Prepare(cursor, Offsets.ReadError(read, partition, cursor.NextOffset));
                await WriteAsync().ConfigureAwait(false);
                return;
            }

            if (slice.IsEmpty)
            {
                return;
            }

            Prepare(cursor, error: null);
            _frame.Batches = slice.Memory;
            int sizeBytes = slice.Memory.Length;
            lock (_gate)
            {
                _creditBytes -= sizeBytes;
            }

            await WriteAsync().ConfigureAwait(false);
            _context.Metrics.Fetched(recordCount: slice.NextOffset - cursor.NextOffset, sizeBytes);
            cursor.NextOffset = slice.NextOffset;
        }

        if (partition.HighWatermark > cursor.NextOffset)
        {
            Enqueue(cursor);
        }
    }

    private ValueTask HeartbeatAsync()
    {
        _frame.Clear();
        _frame.Incarnation = (ulong)_engine.Incarnation;
        return new ValueTask(WriteAsync());
    }

    private void Prepare(FetchCursor cursor, Error? error)
    {
        _frame.Clear();
        _frame.StartId = cursor.StartId;
        _frame.FirstOffset = cursor.NextOffset;
        _frame.HighWatermark = cursor.Partition?.HighWatermark ?? 0;
        _frame.LogStartOffset = cursor.Partition?.LogStartOffset ?? 0;
        _frame.Incarnation = (ulong)_engine.Incarnation;
        _frame.Error = error;
    }

    private Task WriteAsync()
    {
        _isHeartbeatDue = false;
        Volatile.Write(ref _lastSentTimestamp, _context.Time.GetTimestamp());
        return _responses.WriteAsync(_frame);
    }
}
