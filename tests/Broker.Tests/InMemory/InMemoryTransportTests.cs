using System.Net.Sockets;
using Broker.Client.Testing.Transport;
using Microsoft.AspNetCore.Connections;

namespace Broker.Tests.InMemory;

public sealed class InMemoryTransportTests : IDisposable
{
    private readonly InMemoryTransport _transport = new();
    private int _closedCount;

    private IConnectionListener Listener => _transport;

    public void Dispose() => _transport.Dispose();

    [Fact]
    public async Task Nobody_is_connected_before_somebody_listens_nor_afterwards()
    {
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => Connect()).SocketErrorCode);
        await ListenAsync();
        await using Stream client = Connect();
        await Listener.UnbindAsync();
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => Connect()).SocketErrorCode);

        // Whoever came in time is still served.
        Assert.NotNull(await Listener.AcceptAsync());
        Assert.Null(await Listener.AcceptAsync());
    }

    [Fact]
    public async Task Bytes_go_both_ways_and_an_end_is_the_end_of_a_stream()
    {
        await ListenAsync();
        await using Stream client = Connect();
        ConnectionContext server = (await Listener.AcceptAsync())!;
        await client.WriteAsync("question"u8.ToArray());
        Assert.Equal(8, (await server.Transport.Input.ReadAsync()).Buffer.Length);
        await server.Transport.Output.WriteAsync("answer"u8.ToArray());
        byte[] bytes = new byte[4];
        Assert.Equal(0, await client.ReadAsync(Memory<byte>.Empty));
        Assert.Equal(4, await client.ReadAsync(bytes));
        await server.DisposeAsync();
        Assert.Equal(2, await client.ReadAsync(bytes));
        Assert.Equal(0, await client.ReadAsync(bytes));
        await Assert.ThrowsAsync<IOException>(() => client.WriteAsync("more"u8.ToArray()).AsTask());
    }

    [Fact]
    public async Task Nothing_is_read_once_the_connection_is_broken_also_not_what_has_arrived()
    {
        await ListenAsync();
        await using Stream client = Connect();
        ConnectionContext server = (await Listener.AcceptAsync())!;
        await server.Transport.Output.WriteAsync("an ack"u8.ToArray());
        _transport.Break();
        await server.Transport.Output.WriteAsync("another"u8.ToArray());

        IOException broken = await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(new byte[4]).AsTask());
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(broken.InnerException).SocketErrorCode);
        await Assert.ThrowsAsync<IOException>(() => client.WriteAsync("more"u8.ToArray()).AsTask());
        await Assert.ThrowsAsync<ConnectionResetException>(() => server.Transport.Input.ReadAsync().AsTask());
        Assert.True(server.ConnectionClosed.IsCancellationRequested);
        Assert.Throws<SocketException>(() => Connect());
    }

    [Fact]
    public async Task Who_waits_for_bytes_is_told_that_the_connection_is_broken_or_closed()
    {
        await ListenAsync();
        await using Stream broken = Connect();
        Stream closed = Connect();
        Task<int> one = broken.ReadAsync(new byte[4]).AsTask(), other = closed.ReadAsync(new byte[4]).AsTask();
        await closed.DisposeAsync();
        _transport.Break();
        await Assert.ThrowsAsync<IOException>(() => one.WaitAsync(TimeSpan.FromSeconds(60)));
        await Assert.ThrowsAsync<IOException>(() => other.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task A_client_that_closes_is_noticed_once_and_ends_the_servers_side()
    {
        await ListenAsync();
        Stream client = Connect();
        ConnectionContext server = (await Listener.AcceptAsync())!;
        await client.DisposeAsync();
        await client.DisposeAsync();

        Assert.Equal(1, _closedCount);
        Assert.True((await server.Transport.Input.ReadAsync()).IsCompleted);
        Assert.True((await server.Transport.Output.WriteAsync("too late"u8.ToArray())).IsCompleted);
    }

    private async Task ListenAsync() => await ((IConnectionListenerFactory)_transport).BindAsync(_transport.GrpcEndPoint);

    private Stream Connect() => _transport.Connect(() => _closedCount++);
}
