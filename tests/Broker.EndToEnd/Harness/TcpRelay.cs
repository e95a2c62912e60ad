using System.Net;
using System.Net.Sockets;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// Stands between clients and a server on loopback and passes on what they send without knowing what it means. It can hold the
/// server's answers back and break connections off. The server may come and go: while it is down, connections are broken off.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Lock _gate = new();
    private readonly HashSet<RelayedConnection> _connections = [];
    private readonly Task _accepting;
    private bool _isHolding;

    /// <param name="server">Host and port, as in <see cref="BrokerProcess.Server"/>.</param>
    public TcpRelay(string server)
    {
        _server = IPEndPoint.Parse(server);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>For clients: host and port.</summary>
    public string Address => _listener.LocalEndPoint!.ToString()!;

    /// <summary>Passes no more answers on; requests still are. Returns when no answer is on its way to a client any more.</summary>
    public Task HoldAnswersAsync()
    {
        lock (_gate)
        {
            if (_isHolding)
            {
                throw new InvalidOperationException("Answers are held back already.");
            }

            _isHolding = true;
            return Task.WhenAll(_connections.Select(connection => connection.HoldAnswersAsync()));
        }
    }

    /// <summary>Passes on what was held back, and what comes.</summary>
    public void PassAnswers()
    {
        lock (_gate)
        {
            if (!_isHolding)
            {
                return;
            }

            _isHolding = false;
            foreach (RelayedConnection connection in _connections)
            {
                connection.PassAnswers();
            }
        }
    }

    /// <summary>Breaks off all connections with a reset to both sides. Whatever was on its way, or held back, is lost.</summary>
    /// <returns>How many there were.</returns>
    public int Reset()
    {
        lock (_gate)
        {
            int count = _connections.Count;
            foreach (RelayedConnection connection in _connections)
            {
                connection.Reset();
            }

            _connections.Clear();
            return count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Reset();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await _listener.AcceptAsync());
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
        {
            // Disposed of.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        RelayedConnection connection;
        lock (_gate)
        {
            connection = new RelayedConnection(client, server, _isHolding);
            _connections.Add(connection);
        }

        await connection.RunAsync(_server);
        lock (_gate)
        {
            _connections.Remove(connection);
        }
    }
}
