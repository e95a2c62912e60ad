using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Record = Broker.Protocol.V1.Record;

namespace Broker.Tests.Server;

public sealed class PlainCallTests
{
    [Fact]
    public async Task Plain_records_come_back_as_they_were_written()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("orders");
        var record = new Record { Key = ByteString.CopyFromUtf8("k"), Value = ByteString.CopyFromUtf8("v"), TimestampMs = 1_000 };
        record.Headers.Add(new Header { Key = "h", Value = ByteString.Empty });
        record.Headers.Add(new Header { Key = "n" });
        var empty = new Record { Value = ByteString.Empty };

        AppendResponse appended = await broker.Produce.AppendAsync(new AppendRequest { Topic = "orders", Records = { record, empty } });
        ReadResponse read = await broker.Fetch.ReadAsync(Read("orders", new OffsetSpec { LogEnd = LogEnd.Earliest }));

        Assert.Equal(0, appended.BaseOffset);
        Assert.Equal(Durability.Durable, appended.Durability);
        Assert.Equal([0L, 1L], read.Records.Select(r => r.Offset));
        Assert.Equal(record, read.Records[0].Record);
        Assert.False(read.Records[1].Record.HasKey);
        Assert.True(read.Records[1].Record.HasValue);
        Assert.InRange(read.Records[1].Record.TimestampMs, appended.AppendTimeMs - 10_000, appended.AppendTimeMs);
        Assert.Equal(appended.AppendTimeMs, read.Records[1].AppendTimeMs);
        Assert.Equal((2L, 2L), (read.NextOffset, read.HighWatermark));
        Assert.Equal(appended.Incarnation, read.Incarnation);
    }

    [Fact]
    public async Task Reads_go_on_from_the_next_offset_until_everything_was_read_once()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        foreach (int batch in Enumerable.Range(0, 4))
        {
            await broker.Produce.AppendAsync(Append("t", [.. Enumerable.Range(0, 5).Select(i => $"{(batch * 5) + i}")]));
        }

        List<string> values = [];
        ReadRequest request = Read("t", new OffsetSpec { Offset = 0 });
        request.MaxRecords = 3;
        while (values.Count < 20)
        {
            ReadResponse read = await broker.Fetch.ReadAsync(request);
            Assert.InRange(read.Records.Count, 1, 3);
            values.AddRange(read.Records.Select(r => r.Record.Value.ToStringUtf8()));
            request.From = new OffsetSpec { Offset = read.NextOffset };
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), values);
        Assert.Empty((await broker.Fetch.ReadAsync(request)).Records);
    }

    [Fact]
    public async Task A_read_at_the_end_waits_for_a_record_but_not_longer_than_it_says()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        ReadRequest request = Read("t", new OffsetSpec { LogEnd = LogEnd.Latest });
        request.MaxWaitMs = 300;
        Assert.Empty((await broker.Fetch.ReadAsync(request)).Records);

        request.MaxWaitMs = 60_000;
        Task<ReadResponse> waiting = broker.Fetch.ReadAsync(request).ResponseAsync;
        await Task.Delay(100);
        Assert.False(waiting.IsCompleted);
        await broker.Produce.AppendAsync(Append("t", "late"));

        Assert.Equal("late", Assert.Single((await waiting.WaitAsync(TimeSpan.FromSeconds(5))).Records).Record.Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_read_that_waits_is_answered_when_the_broker_stops_and_may_be_made_again()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        Task<ReadResponse> waiting = await WaitForRecordAsync(broker);

        Task stopping = broker.Host.StopAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(5)));

        ErrorInfo info = e.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal(("BROKER_NOT_AVAILABLE", "true"), (info.Reason, info.Metadata["retriable"]));
        await stopping.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_read_that_waits_for_a_topic_that_is_deleted_is_told()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        Task<ReadResponse> waiting = await WaitForRecordAsync(broker);

        await broker.Admin.DeleteTopicAsync(new DeleteTopicRequest { Name = "t" });
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(5)));

        Assert.Equal("UNKNOWN_TOPIC_OR_PARTITION", e.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task A_key_chooses_the_partition_as_in_kafka_and_records_without_one_are_spread()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 4);
        foreach (string key in (string[])["21", "foobar", "a-little-bit-long-string"])
        {
            AppendRequest request = Append("t", "v");
            request.Records[0].Key = ByteString.CopyFromUtf8(key);
            AppendResponse appended = await broker.Produce.AppendAsync(request);
            Assert.Equal(Murmur2.PartitionOf(ByteString.CopyFromUtf8(key).Span, 4), appended.Partition);
        }

        HashSet<int> partitions = [];
        for (int i = 0; i < 4; i++)
        {
            partitions.Add((await broker.Produce.AppendAsync(Append("t", "v"))).Partition);
        }

        Assert.Equal(4, partitions.Count);
    }

    [Theory]
    [InlineData("orders", "UNKNOWN_TOPIC_OR_PARTITION", StatusCode.NotFound, "broker topic create orders")]
    [InlineData("../x", "INVALID_TOPIC_EXCEPTION", StatusCode.InvalidArgument, "../x")]
    [InlineData("", "INVALID_TOPIC_EXCEPTION", StatusCode.InvalidArgument, "empty")]
    public async Task A_topic_that_is_not_there_is_refused_with_what_to_do(string topic, string reason, StatusCode status, string words)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        foreach (Func<Task> call in (Func<Task>[])
        [
            async () => await broker.Produce.AppendAsync(Append(topic, "x")),
            async () => await broker.Fetch.ReadAsync(Read(topic, new OffsetSpec { Offset = 0 })),
            async () => await broker.Admin.DescribeTopicAsync(new DescribeTopicRequest { Name = topic }),
            async () => await broker.Admin.DeleteTopicAsync(new DeleteTopicRequest { Name = topic }),
        ])
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(call);

            Assert.Equal(status, e.StatusCode);
            Assert.Equal(reason, e.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
            Assert.Equal("true", e.GetRpcStatus()!.GetDetail<ErrorInfo>().Metadata["definite"]);
            Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_record_that_is_too_large_is_refused_with_both_sizes()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await broker.Produce.AppendAsync(Append("t", new string('x', 1 << 20))));

        ErrorInfo info = e.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal("MESSAGE_TOO_LARGE", info.Reason);
        Assert.Equal("1048576", info.Metadata["limit_bytes"]);
        Assert.True(int.Parse(info.Metadata["size_bytes"]) > 1 << 20);
    }

    [Fact]
    public async Task An_append_without_records_or_to_a_partition_that_is_not_there_is_refused()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        AppendRequest beyond = Append("t", "x");
        beyond.Partition = 2;

        RpcException empty = await Assert.ThrowsAsync<RpcException>(async () => await broker.Produce.AppendAsync(Append("t")));
        RpcException missing = await Assert.ThrowsAsync<RpcException>(async () => await broker.Produce.AppendAsync(beyond));

        Assert.Equal("INVALID_REQUEST", empty.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
        Assert.Contains("it has 2, from 0 on", missing.Status.Detail, StringComparison.Ordinal);
    }

    /// <summary>A read at the end of topic t that waits at the broker.</summary>
    private static async Task<Task<ReadResponse>> WaitForRecordAsync(TestBroker broker)
    {
        ReadRequest request = Read("t", new OffsetSpec { LogEnd = LogEnd.Latest });
        request.MaxWaitMs = 60_000;
        Task<ReadResponse> waiting = broker.Fetch.ReadAsync(request).ResponseAsync;
        await Task.Delay(200);
        Assert.False(waiting.IsCompleted);
        return waiting;
    }

    internal static AppendRequest Append(string topic, params string[] values) => new()
    {
        Topic = topic,
        Records = { values.Select(v => new Record { Value = ByteString.CopyFromUtf8(v) }) },
    };

    internal static ReadRequest Read(string topic, OffsetSpec from) => new() { Topic = topic, From = from };
}
