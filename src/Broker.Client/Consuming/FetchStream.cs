using Broker.Client.Diagnostics;
using Broker.Client.Transport;
using Broker.Protocol;
using Broker.Protocol.V1;
using Grpc.Core;

namespace Broker.Client.Consuming;

/// <summary>One fetch stream: which partition a response is about, credit, and the watch for silence.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class FetchStream : IDisposable
{
    private readonly ClientContext _context;
    private readonly ConsumerOptions _options;
    private readonly CancellationTokenSource _ending;
    private readonly AsyncDuplexStreamingCall<FetchRequest, FetchFrame> _call;
    private readonly ITimer _silence;

    // The start_id of a cursor is its place here plus one.
    private readonly List<PartitionCursor> _cursors = [];
    private long _creditToReturn;

    public FetchStream(ClientContext context, ConsumerOptions options, CancellationToken cancellationToken)
    {
        _context = context;
        _options = options;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _silence = context.Time.CreateTimer(
            static state => ((FetchStream)state!).OnSilence(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _call = context.Connection.Invoker.AsyncDuplexStreamingCall(
            ServerMethods.Fetch,
            host: null,
            new CallOptions(cancellationToken: _ending.Token));
    }

    /// <summary>Asks for partitions, from where their cursors are. The first call also grants the credit.</summary>
    public Task StartAsync(IEnumerable<PartitionCursor> cursors)
    {
        var request = new FetchRequest();
        if (_cursors.Count == 0)
        {
            request.CreditBytes = (ulong)_options.CreditBytes;
            request.MaxResponseBytes = (uint)_options.MaxResponseBytes;
        }

        foreach (PartitionCursor cursor in cursors)
        {
            _cursors.Add(cursor);
            request.Starts.Add(cursor.ToStart((uint)_cursors.Count));
        }

        return _call.RequestStream.WriteAsync(request);
    }

    public Task StopAsync(PartitionCursor cursor)
    {
        // One that was started again behind damage is there more than once.
        var request = new FetchRequest { Stops = { (uint)_cursors.LastIndexOf(cursor) + 1 } };
        return _call.RequestStream.WriteAsync(request);
    }

    /// <summary>Gives back credit for a response that was read; in few large messages.</summary>
    public Task ReturnCreditAsync(int sizeBytes)
    {
        _creditToReturn += sizeBytes;
        if (_creditToReturn < _options.CreditBytes / 4)
        {
            return Task.CompletedTask;
        }

        var request = new FetchRequest { CreditBytes = (ulong)_creditToReturn };
        _creditToReturn = 0;
        return _call.RequestStream.WriteAsync(request);
    }

    /// <returns>The next response, to be released; null when the broker ended the stream.</returns>
    public async ValueTask<FetchFrame?> NextAsync()
    {
        Task<bool> moving = _call.ResponseStream.MoveNext(CancellationToken.None);
        if (!moving.IsCompleted)
        {
            _silence.Change(_options.SilenceTimeout, Timeout.InfiniteTimeSpan);
        }

        bool hasMoved = await moving.ConfigureAwait(false);
        _silence.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return hasMoved ? _call.ResponseStream.Current : null;
    }

    public PartitionCursor CursorOf(FetchFrame frame)
    {
        return frame.StartId <= _cursors.Count
            ? _cursors[(int)frame.StartId - 1]
            : throw ReadFailures.UnexpectedStart(frame.StartId);
    }

    public void Dispose()
    {
        _silence.Dispose();
        _ending.Cancel();
        _call.Dispose();
        _ending.Dispose();
    }

    private void OnSilence()
    {
        Log.StreamSilent(_context.Logger, _context.Server.Display, (long)_options.SilenceTimeout.TotalSeconds);
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The stream was closed just now.
        }
    }
}
