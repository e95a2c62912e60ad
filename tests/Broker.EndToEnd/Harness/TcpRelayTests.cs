using System.Net;
using System.Net.Sockets;

namespace Broker.EndToEnd.Harness;

#pragma warning disable CA1001 // It is disposed of, in DisposeAsync, which is xunit's.
public sealed class TcpRelayTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Moment = TimeSpan.FromMilliseconds(50);

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private TcpRelay _relay = null!;

    public Task InitializeAsync()
    {
        _server.Start();
        _relay = new TcpRelay(_server.LocalEndpoint.ToString()!);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _relay.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task Bytes_pass_both_ways_unchanged_and_an_end_is_passed_on_behind_them()
    {
        byte[] bytes = new byte[1 << 20];
        new Random(4711).NextBytes(bytes);
        (Socket client, Socket accepted) = await ConnectAsync();

        Task<byte[]> request = ReadAsync(accepted, bytes.Length), answer = ReadAsync(client, bytes.Length);
        await client.SendAsync(bytes);
        Assert.Equal(bytes, await request);
        await accepted.SendAsync(bytes);
        accepted.Dispose();

        Assert.Equal(bytes, await answer);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(Patience));
    }

    [Fact]
    public async Task Answers_that_are_held_back_come_later_and_requests_come_all_the_same()
    {
        (Socket client, Socket accepted) = await ConnectAsync();
        await _relay.HoldAnswersAsync();
        (Socket another, Socket alsoAccepted) = await ConnectAsync();

        await accepted.SendAsync(new byte[] { 1 });
        await alsoAccepted.SendAsync(new byte[] { 2 });
        await client.SendAsync(new byte[] { 3 });
        Assert.Equal([3], await ReadAsync(accepted, 1));
        await Task.Delay(Moment);
        Assert.Equal((0, 0), (client.Available, another.Available));

        _relay.PassAnswers();
        Assert.Equal([1], await ReadAsync(client, 1));
        Assert.Equal([2], await ReadAsync(another, 1));
    }

    [Fact]
    public async Task A_reset_reaches_both_sides_and_what_was_held_back_is_lost()
    {
        (Socket client, Socket accepted) = await ConnectAsync();
        await _relay.HoldAnswersAsync();
        await accepted.SendAsync(new byte[] { 1 });
        await client.SendAsync(new byte[] { 2 });
        await ReadAsync(accepted, 1);

        Assert.Equal(1, _relay.Reset());
        _relay.PassAnswers();

        await AssertResetAsync(client);
        await AssertResetAsync(accepted);
        Assert.Equal(0, _relay.Reset());
    }

    [Fact]
    public async Task Answers_can_be_held_back_again_also_when_nothing_was_held_before()
    {
        (Socket client, Socket accepted) = await ConnectAsync();
        _relay.PassAnswers();
        await _relay.HoldAnswersAsync();
        await accepted.SendAsync(new byte[] { 1 });
        await Task.Delay(Moment);
        Assert.Equal(0, client.Available);
    }

    [Fact]
    public async Task A_server_that_is_down_is_a_reset_and_one_that_is_back_is_reached()
    {
        var endPoint = (IPEndPoint)_server.LocalEndpoint;
        _server.Stop();
        await AssertResetAsync(await DialAsync());

        _server.Server.Dispose();
        using var back = new TcpListener(endPoint);
        back.Start();
        Socket client = await DialAsync();
        using Socket accepted = await back.AcceptSocketAsync();
        await accepted.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await ReadAsync(client, 1));
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return bytes;
    }

    private static async Task AssertResetAsync(Socket socket)
    {
        SocketException end = await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        Assert.Equal(SocketError.ConnectionReset, end.SocketErrorCode);
    }

    private async Task<(Socket Client, Socket Accepted)> ConnectAsync()
    {
        Socket client = await DialAsync();
        return (client, await _server.AcceptSocketAsync().WaitAsync(Patience));
    }

    private async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(_relay.Address));
        return socket;
    }
}
