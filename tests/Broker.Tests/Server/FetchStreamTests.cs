using System.Diagnostics;
using Broker.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace Broker.Tests.Server;

public sealed class FetchStreamTests
{
    private const ulong Plenty = 64 << 20;

    [Fact]
    public async Task The_first_response_tells_where_the_start_was_resolved_to_and_then_come_the_batches()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        await AppendAsync(broker, "a", "b");
        await AppendAsync(broker, "c");
        using var call = broker.Fetch.Fetch();

        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { Offset = 1 }, credit: Plenty));
        FetchResponse resolved = await NextAsync(call);
        FetchResponse data = await NextAsync(call);

        Assert.Equal((1u, 1L, 3L, 0L), (resolved.StartId, resolved.FirstOffset, resolved.HighWatermark, resolved.LogStartOffset));
        Assert.True(resolved.Batches.IsEmpty);
        Assert.Equal(1, data.FirstOffset);
        Assert.Equal(["a", "b", "c"], TestBatches.Decode(data.Batches.Span).Values);
        Assert.NotEqual(0UL, data.Incarnation);
    }

    [Fact]
    public async Task A_reader_at_the_end_gets_new_records_as_they_come()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { LogEnd = LogEnd.Latest }, credit: Plenty));
        await NextAsync(call);

        for (int i = 0; i < 20; i++)
        {
            Task<FetchResponse> next = NextAsync(call);
            Assert.False(next.IsCompleted);
            await AppendAsync(broker, $"v{i}");
            Assert.Equal([$"v{i}"], TestBatches.Decode((await next).Batches.Span).Values);
        }
    }

    [Fact]
    public async Task One_byte_of_credit_brings_one_batch_and_no_more_until_there_is_new_credit()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        await AppendAsync(broker, "first");
        await AppendAsync(broker, "second");
        using var call = broker.Fetch.Fetch();

        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: 1));
        await NextAsync(call);
        FetchResponse first = await NextAsync(call);
        Task<FetchResponse> second = NextAsync(call);
        await Task.Delay(200);

        Assert.Equal(["first"], TestBatches.Decode(first.Batches.Span).Values);
        Assert.False(second.IsCompleted, "sent without credit");
        await call.RequestStream.WriteAsync(new FetchRequest { CreditBytes = (ulong)first.Batches.Length });
        Assert.Equal(["second"], TestBatches.Decode((await second).Batches.Span).Values);
    }

    [Fact]
    public async Task An_idle_stream_gets_a_heartbeat_within_five_seconds()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { LogEnd = LogEnd.Latest }, credit: 0));
        await NextAsync(call);

        long started = Stopwatch.GetTimestamp();
        FetchResponse heartbeat = await NextAsync(call);

        Assert.Equal(0u, heartbeat.StartId);
        Assert.NotEqual(0UL, heartbeat.Incarnation);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 2.5, 5);
    }

    [Fact]
    public async Task A_start_that_cannot_be_followed_says_why_and_the_others_go_on()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        await AppendAsync(broker, "a");
        FetchRequest request = Follow(topic, from: new OffsetSpec { Offset = 9 }, credit: Plenty, startId: 5);
        request.Starts.Add(Start(6, ByteString.CopyFrom(new byte[16]), new OffsetSpec { Offset = 0 }));
        request.Starts.Add(Start(7, ByteString.CopyFrom([1]), new OffsetSpec { Offset = 0 }));
        request.Starts.Add(Start(8, topic.TopicId, null));
        request.Starts.Add(Start(9, topic.TopicId, new OffsetSpec { Offset = 0 }));
        using var call = broker.Fetch.Fetch();

        await call.RequestStream.WriteAsync(request);
        List<FetchResponse> responses = [];
        for (int i = 0; i < 6; i++)
        {
            responses.Add(await NextAsync(call));
        }

        Dictionary<uint, string> reasons = responses.Where(r => r.Error is not null).ToDictionary(r => r.StartId, r => r.Error.Reason);
        Assert.Equal(
            new Dictionary<uint, string>
            {
                [5] = "OFFSET_OUT_OF_RANGE",
                [6] = "UNKNOWN_TOPIC_OR_PARTITION",
                [7] = "UNKNOWN_TOPIC_OR_PARTITION",
                [8] = "INVALID_REQUEST",
            },
            reasons);
        Error outOfRange = responses.Single(r => r.StartId == 5).Error;
        Assert.Equal(("0", "1"), (outOfRange.Metadata["log_start_offset"], outOfRange.Metadata["high_watermark"]));
        Assert.Equal(["a"], TestBatches.Decode(responses.Single(r => !r.Batches.IsEmpty).Batches.Span).Values);
    }

    [Fact]
    public async Task A_reader_of_a_deleted_topic_is_told()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { LogEnd = LogEnd.Latest }, credit: Plenty));
        await NextAsync(call);

        Task<FetchResponse> next = NextAsync(call);
        await broker.Admin.DeleteTopicAsync(new DeleteTopicRequest { Name = "t" });

        Assert.Equal("UNKNOWN_TOPIC_OR_PARTITION", (await next).Error.Reason);
    }

    [Fact]
    public async Task A_partition_that_was_left_sends_nothing_more()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: Plenty));
        await NextAsync(call);

        // The second start proves that the stop before it was read.
        await call.RequestStream.WriteAsync(new FetchRequest { Stops = { 1 } });
        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: 0, startId: 2));
        await NextAsync(call);
        await AppendAsync(broker, "a");

        Assert.Equal(2u, (await NextAsync(call)).StartId);
    }

    [Fact]
    public async Task Partitions_with_much_to_read_take_turns()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t", 2);
        for (int i = 0; i < 20; i++)
        {
            await AppendAsync(broker, partition: i % 2, new string('x', 1000));
        }

        FetchRequest request = Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: Plenty);
        request.MaxResponseBytes = 1;
        request.Starts.Add(Start(2, topic.TopicId, new OffsetSpec { Offset = 0 }, partition: 1));
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(request);
        List<uint> turns = [];
        while (turns.Count < 20)
        {
            FetchResponse response = await NextAsync(call);
            if (!response.Batches.IsEmpty)
            {
                turns.Add(response.StartId);
            }
        }

        Assert.Equal(10, turns.Count(t => t == 1));
        Assert.True(turns.Zip(turns.Skip(1)).Count(pair => pair.First != pair.Second) >= 16, string.Join(' ', turns));
    }

    [Fact]
    public async Task A_start_id_in_use_ends_the_stream_with_invalid_request()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        FetchRequest request = Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: 0);
        request.Starts.Add(request.Starts[0]);
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(request);

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(default))
            {
            }
        });

        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        Assert.Equal("INVALID_REQUEST", e.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task A_half_closed_stream_gets_what_it_has_credit_for_and_then_ends()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        await AppendAsync(broker, "a");
        using var call = broker.Fetch.Fetch();

        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: 1));
        await call.RequestStream.CompleteAsync();
        await NextAsync(call);

        Assert.Equal(["a"], TestBatches.Decode((await NextAsync(call)).Batches.Span).Values);
        Assert.False(await call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_stopping_broker_ends_streams_with_unavailable()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic topic = await broker.CreateTopicAsync("t");
        using var call = broker.Fetch.Fetch();
        await call.RequestStream.WriteAsync(Follow(topic, from: new OffsetSpec { Offset = 0 }, credit: Plenty));
        await NextAsync(call);

        Task stop = broker.Host.StopAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        await stop;

        Assert.True(e.StatusCode == StatusCode.Unavailable, $"{e.Message} {broker.Log}");
    }

    internal static FetchRequest Follow(Topic topic, OffsetSpec from, ulong credit, uint startId = 1) => new()
    {
        Starts = { Start(startId, topic.TopicId, from) },
        CreditBytes = credit,
    };

    internal static async Task<FetchResponse> NextAsync(AsyncDuplexStreamingCall<FetchRequest, FetchResponse> call)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        Assert.True(await call.ResponseStream.MoveNext(patience.Token));
        return call.ResponseStream.Current;
    }

    private static FetchStart Start(uint startId, ByteString topicId, OffsetSpec? from, int partition = 0) =>
        new() { StartId = startId, TopicId = topicId, Partition = partition, From = from };

    private static Task AppendAsync(TestBroker broker, params string[] values) => AppendAsync(broker, partition: 0, values);

    private static async Task AppendAsync(TestBroker broker, int partition, params string[] values)
    {
        var request = new AppendRequest { Topic = "t", Partition = partition };
        request.Records.AddRange(values.Select(v => new Broker.Protocol.V1.Record { Value = ByteString.CopyFromUtf8(v) }));
        await broker.Produce.AppendAsync(request);
    }
}
