using Broker.Protocol.V1;
using Broker.Records;
using Broker.Server.Services;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace Broker.Tests.Server;

public sealed class ProduceStreamTests
{
    private const string FailureText = "fdatasync of /x failed: Input/output error (errno 5).";

    [Fact]
    public async Task Acks_come_in_the_order_of_the_requests_with_dense_offsets()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Produce.Produce();

        for (ulong i = 1; i <= 200; i++)
        {
            await call.RequestStream.WriteAsync(TestBatches.Request(i, topic, TestBatches.Encode(topic, 0, $"a{i}", $"b{i}")));
        }

        List<ProduceAck> acks = await ReadAcksAsync(call, 200);

        Assert.Equal(Enumerable.Range(1, 200).Select(i => (ulong)i), acks.Select(a => a.CorrelationId));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => 2L * i), acks.Select(a => a.Results[0].BaseOffset));
        Assert.All(acks, a => Assert.Equal(Durability.Durable, a.Results[0].Durability));
        Assert.Equal(acks.Select(a => a.Results[0].Lsn).Order(), acks.Select(a => a.Results[0].Lsn));
    }

    [Fact]
    public async Task A_refused_batch_says_why_and_does_not_hold_up_its_neighbours()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        byte[] damaged = TestBatches.Encode(topic, 0, "x").ToByteArray();
        damaged[^1] ^= 1;
        Topic other = topic.Clone();
        other.TopicId = ByteString.CopyFrom(new byte[16]);
        using var call = broker.Produce.Produce();

        await call.RequestStream.WriteAsync(TestBatches.Request(
            1, topic, TestBatches.Encode(topic, 0, "1"), ByteString.CopyFrom(damaged), ByteString.CopyFrom([1, 2, 3]), TestBatches.Encode(topic, 0, "2")));
        await call.RequestStream.WriteAsync(TestBatches.Request(2, other, TestBatches.Encode(other, 0, "x")));
        List<ProduceAck> acks = await ReadAcksAsync(call, 2);

        Assert.Equal([0L, -1, -1, 1], acks[0].Results.Select(r => r.BaseOffset));
        Assert.Equal(["CORRUPT_MESSAGE", "CORRUPT_MESSAGE"], acks[0].Results.Skip(1).Take(2).Select(r => r.Error.Reason));
        Assert.All(acks[0].Results.Skip(1).Take(2), r => Assert.True(r.Error.Definite));
        Assert.Equal("UNKNOWN_TOPIC_OR_PARTITION", acks[1].Results[0].Error.Reason);
    }

    [Fact]
    public async Task A_repeated_batch_gets_its_first_offset_and_a_gap_is_refused()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        InitProducerResponse producer = await broker.Produce.InitProducerAsync(new InitProducerRequest());
        using var call = broker.Produce.Produce();

        await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, producer, 0, "a", "b")));
        await call.RequestStream.WriteAsync(TestBatches.Request(2, topic, TestBatches.Encode(topic, 0, producer, 2, "c")));
        await call.RequestStream.WriteAsync(TestBatches.Request(3, topic, TestBatches.Encode(topic, 0, producer, 0, "a", "b")));
        await call.RequestStream.WriteAsync(TestBatches.Request(4, topic, TestBatches.Encode(topic, 0, producer, 9, "z")));
        List<ProduceAck> acks = await ReadAcksAsync(call, 4);

        Assert.Equal([0L, 2, 0, -1], acks.Select(a => a.Results[0].BaseOffset));
        Assert.Equal([false, false, true, false], acks.Select(a => a.Results[0].Duplicate));
        Assert.Equal("OUT_OF_ORDER_SEQUENCE_NUMBER", acks[3].Results[0].Error.Reason);
    }

    [Fact]
    public async Task A_batch_behind_a_refused_one_says_so_until_that_place_is_filled()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t", 1, ("max.message.bytes", "2000"));
        InitProducerResponse producer = await broker.Produce.InitProducerAsync(new InitProducerRequest());
        string[] values = ["a", new string('x', 3000), "c", "b", "c", "late"];
        long[] sequences = [0, 1, 2, 1, 2, 9];
        using var call = broker.Produce.Produce();
        for (int i = 0; i < values.Length; i++)
        {
            await call.RequestStream.WriteAsync(TestBatches.Request((ulong)i, topic, TestBatches.Encode(topic, 0, producer, sequences[i], values[i])));
        }

        List<ProduceAck> acks = await ReadAcksAsync(call, values.Length);

        Assert.Equal(
            [null, "MESSAGE_TOO_LARGE", "PRECEDING_BATCH_REFUSED", null, null, "OUT_OF_ORDER_SEQUENCE_NUMBER"],
            acks.Select(a => a.Results[0].Error?.Reason));
        Assert.True(acks[2].Results[0].Error is { Retriable: true, Definite: true });
        Assert.Equal([0L, 1, 2], acks.Where(a => a.Results[0].Error is null).Select(a => a.Results[0].BaseOffset));
    }

    [Fact]
    public async Task A_repeated_batch_is_recognised_though_the_limits_would_refuse_it_by_now()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        InitProducerResponse producer = await broker.Produce.InitProducerAsync(new InitProducerRequest());
        ByteString batch = TestBatches.Encode(topic, 0, producer, 0, new string('x', 3000));
        using var call = broker.Produce.Produce();
        await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, batch));
        await ReadAcksAsync(call, 1);
        await broker.Admin.AlterTopicAsync(new AlterTopicRequest { Name = "t", Set = { ["max.message.bytes"] = "2000" } });

        await call.RequestStream.WriteAsync(TestBatches.Request(2, topic, batch));
        List<ProduceAck> acks = await ReadAcksAsync(call, 1);

        Assert.Equal((true, 0L), (acks[0].Results[0].Duplicate, acks[0].Results[0].BaseOffset));
    }

    [Fact]
    public async Task An_expected_offset_lets_one_of_two_writers_through()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        InitProducerResponse one = await broker.Produce.InitProducerAsync(new InitProducerRequest());
        InitProducerResponse two = await broker.Produce.InitProducerAsync(new InitProducerRequest());
        using var call = broker.Produce.Produce();
        (InitProducerResponse Producer, long Sequence, long? Expected, string Value)[] writes =
        [
            (one, 0, -1, "a"), (two, 0, -1, "b"), (two, 0, 0, "b"), (one, 0, -1, "a"), (one, 1, 0, "c"), (one, 1, null, "c"), (two, 1, 2, "d"),
        ];
        foreach ((InitProducerResponse producer, long sequence, long? expected, string value) in writes)
        {
            ProduceRequest request = TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, producer, sequence, value));
            if (expected is { } offset)
            {
                request.Batches[0].ExpectedLastOffset = offset;
            }

            await call.RequestStream.WriteAsync(request);
        }

        List<BatchResult> results = [.. (await ReadAcksAsync(call, writes.Length)).Select(a => a.Results[0])];

        const string Mismatch = "EXPECTED_OFFSET_MISMATCH";
        Assert.Equal([null, Mismatch, null, null, Mismatch, null, null], results.Select(r => r.Error?.Reason));
        Assert.Equal(("-1", "0"), (results[1].Error.Metadata["expected_last_offset"], results[1].Error.Metadata["last_offset"]));
        Assert.True(results[1].Error.Definite);
        Assert.Equal([(0L, false), (1, false), (0, true), (2, false), (3, false)], results.Where(r => r.Error is null).Select(r => (r.BaseOffset, r.Duplicate)));
        (List<string> stored, _) = TestBatches.Decode(await broker.ReadStoredAsync(topic));
        Assert.Equal(["a", "b", "c", "d"], stored);
    }

    [Fact]
    public async Task A_record_beyond_the_topics_limit_is_refused_with_both_sizes_and_one_at_the_limit_is_taken()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t", 1, ("max.message.bytes", "2000"));
        using var call = broker.Produce.Produce();

        await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, new string('x', 1990))));
        await call.RequestStream.WriteAsync(TestBatches.Request(2, topic, TestBatches.Encode(topic, 0, new string('x', 2001))));
        List<ProduceAck> acks = await ReadAcksAsync(call, 2);

        Assert.Null(acks[0].Results[0].Error);
        Error error = acks[1].Results[0].Error;
        Assert.Equal("MESSAGE_TOO_LARGE", error.Reason);
        Assert.Equal("2000", error.Metadata["limit_bytes"]);
        Assert.InRange(int.Parse(error.Metadata["size_bytes"]), 2001, 2020);
        Assert.Contains("2000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_dated_too_far_in_the_future_is_refused()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        long tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds();
        using var call = broker.Produce.Produce();

        await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, tomorrow, Codec.None, null, "x")));
        List<ProduceAck> acks = await ReadAcksAsync(call, 1);

        Assert.Equal("INVALID_TIMESTAMP", acks[0].Results[0].Error.Reason);
    }

    [Fact]
    public async Task A_topic_with_its_own_codec_and_the_logs_time_changes_both_in_what_it_stores()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync(
            "t", 1, ("compression.type", "zstd"), ("message.timestamp.type", "LogAppendTime"));
        string[] values = [.. Enumerable.Range(0, 50).Select(i => $"the same words again and again {i % 3}")];
        using var call = broker.Produce.Produce();
        await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, values)));
        await ReadAcksAsync(call, 1);

        ReadResponse read = await broker.Fetch.ReadAsync(new ReadRequest { Topic = "t", From = new OffsetSpec { Offset = 0 } });
        (List<string> stored, List<Codec> codecs) = TestBatches.Decode(await broker.ReadStoredAsync(topic));

        Assert.Equal(values, read.Records.Select(r => r.Record.Value.ToStringUtf8()));
        Assert.All(read.Records, r => Assert.InRange(r.Record.TimestampMs, r.AppendTimeMs - 1000, r.AppendTimeMs));
        Assert.Equal(values, stored);
        Assert.Equal([Codec.Zstd], codecs);
    }

    [Fact]
    public async Task A_call_may_ask_for_more_than_its_topic_and_never_gets_less()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic quick = await broker.CreateTopicAsync("quick", 1, ("durability", "os"));
        Topic safe = await broker.CreateTopicAsync("safe");
        using var call = broker.Produce.Produce();

        foreach ((Topic topic, Durability asked) in ((Topic, Durability)[])
            [(quick, Durability.Unspecified), (quick, Durability.Durable), (safe, Durability.Os)])
        {
            ProduceRequest request = TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, "x"));
            request.Durability = asked;
            await call.RequestStream.WriteAsync(request);
        }

        List<ProduceAck> acks = await ReadAcksAsync(call, 3);
        Assert.Equal([Durability.Os, Durability.Durable, Durability.Durable], acks.Select(a => a.Results[0].Durability));
    }

    [Fact]
    public async Task A_half_closed_stream_still_gets_all_its_acks_and_then_ends()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Produce.Produce();

        for (ulong i = 0; i < 20; i++)
        {
            await call.RequestStream.WriteAsync(TestBatches.Request(i, topic, TestBatches.Encode(topic, 0, "x")));
        }

        await call.RequestStream.CompleteAsync();
        List<ProduceAck> acks = await ReadAcksAsync(call, int.MaxValue);

        Assert.Equal(20, acks.Count);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_stopping_broker_ends_streams_with_unavailable_and_keeps_what_it_acknowledged()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Produce.Produce();
        await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, TestBatches.Encode(topic, 0, "x")));
        await ReadAcksAsync(call, 1);

        Task stop = broker.Host.StopAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        await stop;

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.Equal("BROKER_NOT_AVAILABLE", e.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
        Assert.Equal(0, await broker.Host.Completion);
    }

    /// <summary>A sync, the library of the state store, a bug of our own.</summary>
    public static TheoryData<Exception> Failures => [
        new Broker.Storage.StorageException(FailureText),
        new TypeInitializationException("Native", new DllNotFoundException(FailureText)),
        new OperationCanceledException(FailureText)];

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task After_a_failure_of_the_journal_waiting_calls_get_unknown_and_the_broker_ends_with_1(Exception cause)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        using var call = broker.Produce.Produce();
        await call.RequestStream.WriteAsync(new ProduceRequest { CorrelationId = 1 });
        await ReadAcksAsync(call, 1);

        broker.Host.Engine.Progress.Fail(cause);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default).WaitAsync(TimeSpan.FromSeconds(5)));
        int exitCode = await broker.Host.Completion.WaitAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.Equal("false", e.GetRpcStatus()!.GetDetail<ErrorInfo>().Metadata[ErrorMap.DefiniteKey]);
        Assert.Equal(1, exitCode);
        Assert.Contains("The journal has failed", broker.Log, StringComparison.Ordinal);
        Assert.Contains(FailureText, broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_message_is_not_taken()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await broker.Produce.AppendAsync(new AppendRequest { Topic = new string('x', 5000) }, headers));

        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
    }

    [Fact]
    public async Task A_client_that_sends_more_than_may_be_in_flight_is_slowed_down_and_not_refused()
    {
        await using TestBroker broker = await TestBroker.StartAsync(
            "--limits.produce_bytes_in_flight_per_connection=1MiB", "--limits.produce_bytes_in_flight=1MiB",
            "--limits.message_bytes=1MiB", "--limits.batch_bytes=512KiB", "--limits.record_bytes=256KiB");
        Topic topic = await broker.CreateTopicAsync("t");
        ByteString batch = TestBatches.Encode(topic, 0, new string('x', 250_000));
        using var call = broker.Produce.Produce();

        Task<List<ProduceAck>> acks = ReadAcksAsync(call, 100);
        for (ulong i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(TestBatches.Request(i, topic, batch));
        }

        Assert.All(await acks, a => Assert.Null(a.Results[0].Error));
        Assert.Contains("\nbroker_produce_in_flight_bytes 0\n", await broker.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_beyond_its_limit_ends_the_call_and_the_connection_lives_on()
    {
        await using TestBroker broker = await TestBroker.StartAsync(
            "--limits.message_bytes=64KiB", "--limits.batch_bytes=32KiB", "--limits.record_bytes=16KiB");
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Produce.Produce();

        // The broker may answer while the message is still being written.
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await call.RequestStream.WriteAsync(TestBatches.Request(1, topic, ByteString.CopyFrom(new byte[64 << 10])));
            await ReadAcksAsync(call, 1);
        });

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.NotEqual("", (await broker.Admin.GetServerInfoAsync(new GetServerInfoRequest())).Version);
        Assert.DoesNotContain("ERR", broker.Log, StringComparison.Ordinal);
    }

    internal static async Task<List<ProduceAck>> ReadAcksAsync(AsyncDuplexStreamingCall<ProduceRequest, ProduceResponse> call, int count)
    {
        var acks = new List<ProduceAck>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (acks.Count < count && await call.ResponseStream.MoveNext(patience.Token))
        {
            Assert.NotEqual(0UL, call.ResponseStream.Current.Incarnation);
            acks.AddRange(call.ResponseStream.Current.Acks);
        }

        return acks;
    }
}
