using System.Net;
using System.Net.Sockets;

namespace Broker.EndToEnd.Harness;

/// <summary>One client's connection to a relay, and the relay's to the server.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RelayedConnection : IDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly Socket _client, _server;
    private readonly CancellationTokenSource _ended = new();

    // Whoever has it may pass an answer on; while answers are held back nobody gets it.
    private readonly SemaphoreSlim _answers;

    public RelayedConnection(Socket client, Socket server, bool isHolding)
    {
        (_client, _server) = (client, server);
        _client.NoDelay = _server.NoDelay = true;
        _answers = new SemaphoreSlim(isHolding ? 0 : 1, maxCount: 1);
    }

    /// <summary>Connects to the server and passes on until both have ended it, or one of them has broken it off.</summary>
    public async Task RunAsync(IPEndPoint server)
    {
        try
        {
            await _server.ConnectAsync(server);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Reset();
            return;
        }

        Task requests = PassAsync(_client, _server, gate: null), answers = PassAsync(_server, _client, _answers);
        await Task.WhenAll(requests, answers);
        Dispose();
    }

    /// <summary>Returns when no answer is being passed on any more.</summary>
    public Task HoldAnswersAsync() => _answers.WaitAsync();

    public void PassAnswers() => _answers.Release();

    /// <summary>Ends it with a reset to both sides.</summary>
    public void Reset()
    {
        var atOnce = new LingerOption(enable: true, seconds: 0);
        try
        {
            _client.LingerState = _server.LingerState = atOnce;
        }
        catch (ObjectDisposedException)
        {
            return; // It has ended by itself.
        }

        Dispose();
    }

    /// <summary>Ends it for both sides.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        _client.Dispose();
        _server.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, SemaphoreSlim? gate)
    {
        byte[] buffer = new byte[BufferBytes];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                if (gate is not null)
                {
                    await gate.WaitAsync(_ended.Token);
                }

                try
                {
                    for (int sent = 0; sent < read;)
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                    }
                }
                finally
                {
                    gate?.Release();
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Reset();
        }
    }
}
