using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace Broker.Client.Transport;

/// <summary>One HTTP/2 connection to the broker; made on first use, made again by the transport when it broke.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class BrokerConnection : IDisposable
{
    // Twice the broker's largest message: docs/protocol.md, "Sizes".
    private const int ReceiveBytesMax = 16 << 20;

    private static readonly TimeSpan KeepAliveDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(20);

    private readonly GrpcChannel _channel;
    private readonly Func<DnsEndPoint, Action, CancellationToken, ValueTask<Stream>> _connect;
    private int _establishedCount;
    private int _liveCount;

    public BrokerConnection(BrokerClientOptions options, ServerAddress address)
    {
        _connect = options.Connect ?? ConnectSocketAsync;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = KeepAliveDelay,
            KeepAlivePingTimeout = KeepAliveTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,

            // With a callback the channel leaves connecting to the handler. Its own way of connecting waits up to two
            // minutes between attempts; how long to wait is for producers and consumers to say.
            ConnectCallback = ConnectAsync,
        };
        options.ConfigureHandler?.Invoke(handler);
        // Without the application's log: what it should know this client says, and the transport would add a stack trace each time.
        _channel = GrpcChannel.ForAddress(address.Uri, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = ReceiveBytesMax,
            MaxSendMessageSize = null,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    /// <summary>How many connections have come about so far.</summary>
    public int EstablishedCount => Volatile.Read(ref _establishedCount);

    /// <summary>False when there certainly is no connection now.</summary>
    public bool MayBeLive => Volatile.Read(ref _liveCount) > 0;

    public void Dispose() => _channel.Dispose();

    private async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken)
    {
        Stream connection = await _connect(context.DnsEndPoint, () => Interlocked.Decrement(ref _liveCount), cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _liveCount);
        Interlocked.Increment(ref _establishedCount);
        return connection;
    }

    private static async ValueTask<Stream> ConnectSocketAsync(DnsEndPoint endPoint, Action closed, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new SocketStream(socket, closed);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Tells once that it is closed.</summary>
    private sealed class SocketStream(Socket socket, Action closed) : NetworkStream(socket, ownsSocket: true)
    {
        private int _isDisposed;

        protected override void Dispose(bool disposing)
        {
            if (disposing && Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                closed();
            }

            base.Dispose(disposing);
        }
    }
}
