using Broker.Protocol.V1;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using Record = Broker.Protocol.V1.Record;

namespace Broker.Tests.Server;

public sealed class AdminCallTests
{
    [Fact]
    public async Task A_topic_is_created_listed_described_altered_grown_and_deleted()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        Topic created = await broker.CreateTopicAsync("b", 0, ("retention.ms", "1000000"));
        await broker.CreateTopicAsync("a", 1);
        await broker.Produce.AppendAsync(PlainCallTests.Append("a", "x", "y"));

        ListTopicsResponse list = await broker.Admin.ListTopicsAsync(new ListTopicsRequest());
        Assert.Equal(["a", "b"], list.Topics.Select(t => t.Topic.Name));
        Assert.Equal(2, list.Topics[0].RecordCount);
        Assert.True(list.Topics[0].SizeBytes > 93);
        Assert.Equal(4, list.Topics[1].Topic.PartitionCount);

        await broker.Admin.AlterTopicAsync(new AlterTopicRequest { Name = "b", Set = { ["segment.ms"] = "5000" }, Unset = { "retention.ms" } });
        await broker.Admin.AddPartitionsAsync(new AddPartitionsRequest { Name = "b", PartitionCount = 6 });
        DescribeTopicResponse described = await broker.Admin.DescribeTopicAsync(new DescribeTopicRequest { Name = "b" });
        Assert.Equal(created.TopicId, described.Topic.TopicId);
        Assert.Equal(6, described.Partitions.Count);
        Assert.All(described.Partitions, p => Assert.Equal("online", p.State));
        Assert.Equal(["segment.ms"], described.Settings.Where(s => s.IsExplicit).Select(s => s.Name));
        Assert.Equal("604800000", described.Settings.Single(s => s.Name == "retention.ms").Value);
        Assert.All(described.Settings, s => Assert.NotEqual("", s.Description));

        await broker.Admin.DeleteTopicAsync(new DeleteTopicRequest { Name = "b" });
        Topic recreated = await broker.CreateTopicAsync("b", 1);
        Assert.NotEqual(created.TopicId, recreated.TopicId);
    }

    [Fact]
    public async Task Trimming_moves_the_log_start_and_a_trim_beyond_the_end_changes_nothing()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        foreach (int partition in (int[])[0, 1])
        {
            AppendRequest append = PlainCallTests.Append("t", "a", "b", "c");
            append.Partition = partition;
            await broker.Produce.AppendAsync(append);
        }

        TrimTopicResponse trimmed = await broker.Admin.TrimTopicAsync(
            new TrimTopicRequest { Name = "t", Partitions = { 1 }, Before = new OffsetSpec { Offset = 2 } });
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await broker.Admin.TrimTopicAsync(
            new TrimTopicRequest { Name = "t", Before = new OffsetSpec { Offset = 4 } }));

        Assert.Equal((1, 2L), (trimmed.Partitions.Single().Partition, trimmed.Partitions.Single().LogStartOffset));
        Assert.Equal("OFFSET_OUT_OF_RANGE", e.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
        ListOffsetsResponse starts = await broker.Fetch.ListOffsetsAsync(
            new ListOffsetsRequest { Topic = "t", At = new OffsetSpec { LogEnd = LogEnd.Earliest } });
        Assert.Equal([0L, 2L], starts.Offsets.Select(o => o.Offset));
    }

    [Fact]
    public async Task Offsets_are_found_by_timestamp()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        foreach (long timestampMs in (long[])[1_000, 3_000, 2_000, 5_000])
        {
            await broker.Produce.AppendAsync(new AppendRequest { Topic = "t", Records = { new Record { TimestampMs = timestampMs } } });
        }

        async Task<long> At(long timestampMs) => (await broker.Fetch.ListOffsetsAsync(
            new ListOffsetsRequest { Topic = "t", At = new OffsetSpec { TimestampMs = timestampMs } })).Offsets.Single().Offset;

        long[] found = [await At(500), await At(2_000), await At(3_000), await At(3_001), await At(9_000)];
        Assert.Equal([0L, 1L, 1L, 3L, 4L], found);
    }

    [Fact]
    public async Task The_broker_says_what_it_is()
    {
        await using TestBroker broker = await TestBroker.StartAsync("--limits.record_bytes=2000");
        await broker.CreateTopicAsync("t", 3);

        GetServerInfoResponse info = await broker.Admin.GetServerInfoAsync(new GetServerInfoRequest());

        Assert.Matches(@"^\d+\.\d+\.\d+", info.Version);
        Assert.Equal(1UL, info.Incarnation);
        Assert.Equal((2000L, 4L << 20, 8L << 20), (info.Limits.RecordBytesMax, info.Limits.BatchBytesMax, info.Limits.MessageBytesMax));
        Assert.Equal((1, 3), (info.TopicCount, info.PartitionCount));
        Assert.Equal(broker.Host.DataDirectory, info.DataDirectory);
        Assert.True(info.DiskFreeBytes > 0 && info.SyncTimeUs > 0 && info.VisibleLsn > 0 && info.StartedMs > 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ready")]
    [InlineData("live")]
    public async Task The_grpc_health_service_says_serving(string service)
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        HealthCheckResponse health = await new Health.HealthClient(broker.Channel).CheckAsync(new HealthCheckRequest { Service = service });

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
    }

    [Fact]
    public async Task Reflection_lists_all_services_and_can_be_turned_off()
    {
        await using TestBroker open = await TestBroker.StartAsync();
        await using TestBroker closed = await TestBroker.StartAsync("--grpc.reflection=off");

        List<string> services = await ListServicesAsync(open);

        Assert.Contains("broker.v1.ProduceService", services);
        Assert.Contains("broker.v1.FetchService", services);
        Assert.Contains("broker.v1.AdminService", services);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => ListServicesAsync(closed));
        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
    }

    private static async Task<List<string>> ListServicesAsync(TestBroker broker)
    {
        using var call = new ServerReflection.ServerReflectionClient(broker.Channel).ServerReflectionInfo();
        Task written = call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        // Why a call was refused is learnt by reading; a write that comes after the refusal says only that the call is over.
        Assert.True(await call.ResponseStream.MoveNext(default));
        await written;
        return [.. call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name)];
    }
}
