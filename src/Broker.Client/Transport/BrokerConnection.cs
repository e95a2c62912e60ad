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

    public BrokerConnection(BrokerClientOptions options, ServerAddress address)
    {
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
        _channel = GrpcChannel.ForAddress(address.Uri, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = ReceiveBytesMax,
            MaxSendMessageSize = null,
            LoggerFactory = options.LoggerFactory,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    public void Dispose() => _channel.Dispose();

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
