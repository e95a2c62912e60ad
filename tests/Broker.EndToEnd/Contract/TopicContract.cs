using Broker.Client;

namespace Broker.EndToEnd.Contract;

/// <summary>Topics, and why something about them is refused.</summary>
public abstract class TopicContract(IContractBroker broker) : ClientContract(broker)
{
    private AdminClient Admin => Client.Admin;

    [Fact]
    public async Task A_topic_is_created_described_listed_changed_and_deleted()
    {
        TopicDescription created = await Admin.CreateTopicAsync(Topic, 2, Config("retention.ms", "1000000"));
        TopicDescription altered = await Admin.AlterTopicAsync(Topic, Config("max.message.bytes", "5000"), unset: ["retention.ms"]);
        TopicDescription grown = await Admin.AddPartitionsAsync(Topic, 3);
        TopicDescription described = await Admin.DescribeTopicAsync(Topic);
        TopicDescription ensured = await Admin.EnsureTopicAsync(Topic, partitionCount: 7);
        IReadOnlyList<TopicSummary> listed = await Admin.ListTopicsAsync();
        await Admin.DeleteTopicAsync(Topic);

        Assert.Equal((Topic, 2, "1000000"), (created.Name, created.PartitionCount, created.Config["retention.ms"]));
        Assert.Equal([KeyValuePair.Create("max.message.bytes", "5000")], altered.Config);
        Assert.Equal((3, 3, 3), (grown.PartitionCount, described.Partitions.Count, ensured.PartitionCount));
        Assert.Contains(described.Settings, setting => setting is { Name: "max.message.bytes", Value: "5000", IsExplicit: true });
        Assert.Contains(described.Settings, setting => setting is { Name: "segment.bytes", Value: "262144", IsExplicit: false });
        Assert.Single(listed, summary => summary.Topic.Id == created.Id);
        Assert.DoesNotContain(await Admin.ListTopicsAsync(), summary => summary.Topic.Name == Topic);
    }

    [Fact]
    public async Task A_topic_of_the_same_name_begins_anew()
    {
        TopicDescription first = await Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using (Producer producer = Client.CreateProducer())
        {
            await producer.SendAsync(Topic, "k", "of the first");
        }

        await Admin.DeleteTopicAsync(Topic);
        TopicDescription second = await Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using (Producer producer = Client.CreateProducer())
        {
            Assert.Equal(0, (await producer.SendAsync(Topic, "k", "of the second")).Offset);
        }

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(["of the second"], await ReadValuesAsync(Topic));
    }

    [Fact]
    public async Task What_is_trimmed_is_gone_and_offsets_stay()
    {
        await Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await using Producer producer = Client.CreateProducer();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => SendAsync(producer, Topic, 0, $"{i}")));

        IReadOnlyList<PartitionOffset> trimmed = await Admin.TrimTopicAsync(Topic, StartAt.Offset(6), partitions: [0]);
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => Admin.TrimTopicAsync(Topic, StartAt.Offset(11), partitions: [0]));
        await SendAsync(producer, Topic, 0, "10");

        Assert.Equal([new PartitionOffset(0, 6)], trimmed);
        Assert.Equal(ErrorReasons.OffsetOutOfRange, refused.Reason);
        Assert.Equal([6L, 7, 8, 9, 10], (await ReadAsync(Topic)).Select(record => record.Offset));
        TopicDescription described = await Admin.DescribeTopicAsync(Topic);
        Assert.Equal([(6L, 11L), (0, 0)], described.Partitions.Select(p => (p.LogStartOffset, p.HighWatermark)));
    }

    [Fact]
    public async Task Whoever_is_refused_is_told_why()
    {
        await Admin.CreateTopicAsync(Topic, partitionCount: 2);
        string unknown = Topic + "-unknown";
        await using Producer producer = Client.CreateProducer();
        (string Reason, Func<Task> Call)[] refused =
        [
            ("TOPIC_ALREADY_EXISTS", () => Admin.CreateTopicAsync(Topic)),
            ("INVALID_TOPIC_EXCEPTION", () => Admin.CreateTopicAsync("no/topic")),
            ("INVALID_PARTITIONS", () => Admin.CreateTopicAsync(unknown, partitionCount: 1_000_000)),
            ("INVALID_CONFIG", () => Admin.CreateTopicAsync(unknown, 1, Config("retention.msx", "1"))),
            ("INVALID_CONFIG", () => Admin.AlterTopicAsync(Topic, Config("retention.ms", "long"))),
            ("INVALID_PARTITIONS", () => Admin.AddPartitionsAsync(Topic, 1)),
            ("UNKNOWN_TOPIC_OR_PARTITION", () => Admin.DescribeTopicAsync(unknown)),
            ("UNKNOWN_TOPIC_OR_PARTITION", () => Admin.DeleteTopicAsync(unknown)),
            ("UNKNOWN_TOPIC_OR_PARTITION", () => Admin.ListOffsetsAsync(Topic, StartAt.Latest, [2])),
            ("UNKNOWN_TOPIC_OR_PARTITION", () => ReadAsync(unknown)),
            ("UNKNOWN_TOPIC_OR_PARTITION", () => producer.SendAsync(unknown, "k", "v").AsTask()),
            ("UNKNOWN_TOPIC_OR_PARTITION", () => SendAsync(producer, Topic, partition: 2, "v")),
        ];
        foreach ((string reason, Func<Task> call) in refused)
        {
            BrokerException error = await Assert.ThrowsAsync<BrokerException>(() => call().WaitAsync(Patience));
            Assert.Equal((reason, true, false), (error.Reason, error.IsDefinite, error.IsRetriable));
        }

        BrokerException missing = await Assert.ThrowsAsync<BrokerException>(() => Admin.DescribeTopicAsync(unknown));
        Assert.Equal($"There is no topic \"{unknown}\". Topics are not created by accident: broker topic create {unknown}", missing.Message);
    }

    public sealed class InMemory(InMemoryContractBroker broker) : TopicContract(broker), IClassFixture<InMemoryContractBroker>;

    public sealed class InAProcess(ProcessContractBroker broker) : TopicContract(broker), IClassFixture<ProcessContractBroker>;

    private static Dictionary<string, string> Config(string name, string value) => new() { [name] = value };
}
