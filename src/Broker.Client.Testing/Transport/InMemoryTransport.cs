using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Broker.Server.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Client.Testing.Transport;

/// <summary>The connections of one run of a broker: what clients in this process make, its web server accepts.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class InMemoryTransport : ITransport, IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    private readonly Channel<InMemoryConnection> _unaccepted = Channel.CreateUnbounded<InMemoryConnection>();
    private readonly Lock _gate = new();
    private readonly HashSet<InMemoryConnection> _open = [];
    private bool _isListening;
    private int _connectionCount;

    public EndPoint GrpcEndPoint => InMemoryEndPoint.Instance;

    public EndPoint? HttpEndPoint => null;

    EndPoint IConnectionListener.EndPoint => GrpcEndPoint;

    public void AddTo(IServiceCollection services) => services.AddSingleton<IConnectionListenerFactory>(this);

    bool IConnectionListenerFactorySelector.CanBind(EndPoint endpoint) => endpoint is InMemoryEndPoint;

    ValueTask<IConnectionListener> IConnectionListenerFactory.BindAsync(EndPoint endpoint, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isListening = true;
        }

        return ValueTask.FromResult<IConnectionListener>(this);
    }

    /// <summary>Connects a client.</summary>
    /// <param name="closed">Called once when the connection is closed.</param>
    /// <exception cref="SocketException">Nobody listens (any more).</exception>
    public Stream Connect(Action closed)
    {
        lock (_gate)
        {
            if (!_isListening)
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            var connection = new InMemoryConnection($"in-memory-{++_connectionCount}");
            connection.Client.Closed = () =>
            {
                lock (_gate)
                {
                    _open.Remove(connection);
                }

                closed();
            };
            _open.Add(connection);
            _unaccepted.Writer.TryWrite(connection);
            return connection.Client;
        }
    }

    /// <summary>As when the machine loses its power: from now on nothing reaches a client any more, and nobody listens.</summary>
    public void Break()
    {
        InMemoryConnection[] broken;
        lock (_gate)
        {
            _isListening = false;
            broken = [.. _open];
        }

        foreach (InMemoryConnection connection in broken)
        {
            connection.Break();
        }
    }

    async ValueTask<ConnectionContext?> IConnectionListener.AcceptAsync(CancellationToken cancellationToken)
    {
        while (await _unaccepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_unaccepted.Reader.TryRead(out InMemoryConnection? connection))
            {
                return connection;
            }
        }

        return null;
    }

    ValueTask IConnectionListener.UnbindAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    ValueTask IAsyncDisposable.DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Nobody listens any more; what was accepted goes on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isListening = false;
            _unaccepted.Writer.TryComplete();
        }
    }
}
