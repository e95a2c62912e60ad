using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Broker.Tests.Records;

/// <summary>Just enough of a Kafka broker (one topic, one partition) that a real client hands over its batches and takes ours.</summary>
internal sealed class FakeKafkaBroker : IAsyncDisposable
{
    public const string Topic = "captured";

    private const short Produce = 0, Fetch = 1, ListOffsets = 2, Metadata = 3, FindCoordinator = 10, ApiVersions = 18;
    private const int NodeId = 1;

    /// <summary>Clients look at several of these to decide which features a broker has.</summary>
    private static readonly (short Api, short Max)[] Versions =
        [(Produce, 7), (Fetch, 10), (ListOffsets, 2), (Metadata, 4), (FindCoordinator, 1), (ApiVersions, 3)];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public FakeKafkaBroker()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Record batches as they came over the wire, in order.</summary>
    public ConcurrentQueue<byte[]> Batches { get; } = new();

    /// <summary>What consumers find at offset 0 of the partition.</summary>
    public byte[] Served { get; init; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient owned = client;
        NetworkStream stream = client.GetStream();
        byte[] size = new byte[sizeof(int)];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(size, _stop.Token);
                byte[] request = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
                await stream.ReadExactlyAsync(request, _stop.Token);
                byte[] response = Answer(request);
                BinaryPrimitives.WriteInt32BigEndian(size, response.Length);
                await stream.WriteAsync(size, _stop.Token);
                await stream.WriteAsync(response, _stop.Token);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The client has closed, or the test is over.
        }
    }

    private byte[] Answer(byte[] request)
    {
        var reader = new WireReader(request);
        short api = reader.Int16();
        short version = reader.Int16();
        var response = new WireWriter();
        response.Int32(reader.Int32());
        reader.String();
        switch (api)
        {
            case ApiVersions:
                AnswerApiVersions(version, response);
                break;
            case Metadata:
                AnswerMetadata(response);
                break;
            case Fetch:
                AnswerFetch(reader, response);
                break;
            case Produce:
                AnswerProduce(reader, response);
                break;
            case FindCoordinator:
                AnswerFindCoordinator(response);
                break;
            default:
                throw new InvalidOperationException($"The client calls API {api} version {version}.");
        }

        return response.ToArray();
    }

    private static void AnswerApiVersions(short version, WireWriter response)
    {
        bool isFlexible = version >= 3;
        response.Int16(0);
        if (isFlexible)
        {
            response.Byte((byte)(Versions.Length + 1));
        }
        else
        {
            response.Int32(Versions.Length);
        }

        foreach ((short api, short max) in Versions)
        {
            response.Int16(api);
            response.Int16(0);
            response.Int16(max);
            if (isFlexible)
            {
                response.Byte(0);
            }
        }

        if (version >= 1)
        {
            response.Int32(0);
        }

        if (isFlexible)
        {
            response.Byte(0);
        }
    }

    /// <summary>Version 4, the only one that clients choose from what is offered.</summary>
    private void AnswerMetadata(WireWriter response)
    {
        response.Int32(0);
        response.Int32(1);
        response.Int32(NodeId);
        response.String("127.0.0.1");
        response.Int32(Port);
        response.Int16(-1);
        response.String("fake");
        response.Int32(NodeId);
        response.Int32(1);
        response.Int16(0);
        response.String(Topic);
        response.Byte(0);
        response.Int32(1);
        response.Int16(0);
        response.Int32(0);
        response.Int32(NodeId);
        for (int replicasThenInSync = 0; replicasThenInSync < 2; replicasThenInSync++)
        {
            response.Int32(1);
            response.Int32(NodeId);
        }
    }

    /// <summary>Version 1: a consumer asks as soon as it has a group id, and does without as long as it does not join.</summary>
    private static void AnswerFindCoordinator(WireWriter response)
    {
        const short coordinatorNotAvailable = 15;
        response.Int32(0);
        response.Int16(coordinatorNotAvailable);
        response.String("this broker has no groups");
        response.Int32(-1);
        response.String("");
        response.Int32(-1);
    }

    /// <summary>Version 7; one topic, one partition.</summary>
    private void AnswerProduce(WireReader request, WireWriter response)
    {
        request.String();
        request.Int16();
        request.Int32();
        Assert.Equal(1, request.Int32());
        Assert.Equal(Topic, request.String());
        Assert.Equal(1, request.Int32());
        Assert.Equal(0, request.Int32());
        Batches.Enqueue(request.Bytes());

        response.Int32(1);
        response.String(Topic);
        response.Int32(1);
        response.Int32(0);
        response.Int16(0);
        response.Int64(0);
        response.Int64(-1);
        response.Int64(0);
        response.Int32(0);
    }

    /// <summary>Version 10; one topic, one partition, no session.</summary>
    private void AnswerFetch(WireReader request, WireWriter response)
    {
        for (int replicaThenWaitThenMinThenMax = 0; replicaThenWaitThenMinThenMax < 4; replicaThenWaitThenMinThenMax++)
        {
            request.Int32();
        }

        request.Byte();
        request.Int32();
        request.Int32();
        Assert.Equal(1, request.Int32());
        Assert.Equal(Topic, request.String());
        Assert.Equal(1, request.Int32());
        Assert.Equal(0, request.Int32());
        request.Int32();
        byte[] records = request.Int64() == 0 ? Served : [];

        response.Int32(0);
        response.Int16(0);
        response.Int32(0);
        response.Int32(1);
        response.String(Topic);
        response.Int32(1);
        response.Int32(0);
        response.Int16(0);
        response.Int64(1_000_000);
        response.Int64(1_000_000);
        response.Int64(0);
        response.Int32(0);
        response.Bytes(records);
    }

    private sealed class WireReader(byte[] bytes)
    {
        private int _position;

        public byte Byte() => Take(sizeof(byte))[0];

        public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));

        public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

        public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

        public string? String() => Int16() is >= 0 and short length ? Encoding.UTF8.GetString(Take(length)) : null;

        public byte[] Bytes() => Take(Int32()).ToArray();

        private ReadOnlySpan<byte> Take(int length)
        {
            _position += length;
            return bytes.AsSpan(_position - length, length);
        }
    }

    private sealed class WireWriter
    {
        private readonly List<byte> _bytes = [];

        public void Byte(byte value) => _bytes.Add(value);

        public void Int16(short value) => Int(value, sizeof(short));

        public void Int32(int value) => Int(value, sizeof(int));

        public void Int64(long value) => Int(value, sizeof(long));

        public void String(string value)
        {
            Int16((short)value.Length);
            _bytes.AddRange(Encoding.ASCII.GetBytes(value));
        }

        public void Bytes(byte[] value)
        {
            Int32(value.Length);
            _bytes.AddRange(value);
        }

        public byte[] ToArray() => [.. _bytes];

        private void Int(long value, int sizeBytes)
        {
            for (int shift = (sizeBytes - 1) * 8; shift >= 0; shift -= 8)
            {
                _bytes.Add((byte)(value >> shift));
            }
        }
    }
}
