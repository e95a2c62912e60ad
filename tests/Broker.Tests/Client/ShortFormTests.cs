using System.Text;
using Broker.Client;
using Broker.Records;
using Broker.Tests.Server;
using Grpc.Core;

namespace Broker.Tests.Client;

/// <summary>The forms that make a first program short: text in and out, a consumer of a topic, a topic that is there.</summary>
public sealed class ShortFormTests
{
    [Fact]
    public async Task Text_is_stored_as_UTF8_and_comes_back_null_and_empty_told_apart()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        (string? Key, string? Value)[] sent = [("schlüssel", "wert ☃"), (null, ""), ("", null)];
        foreach ((string? key, string? value) in sent)
        {
            await producer.SendAsync("t", key, value);
        }

        List<ConsumedRecord> read = await ReadAsync(client, sent.Length);

        Assert.Equal(sent, read.Select(record => (record.KeyText, record.ValueText)));
        Assert.Equal(Encoding.UTF8.GetBytes("wert ☃"), read[0].Value!.Value.ToArray());
        Assert.Equal([true, true, false], read.Select(record => record.Value is not null));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_show_as_replacements_and_are_there_as_they_were()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        byte[] value = [0x41, 0xFF, 0x42];
        await producer.SendAsync("t", null, value);

        ConsumedRecord record = Assert.Single(await ReadAsync(client, 1));

        Assert.Equal("A\uFFFDB", record.ValueText);
        Assert.Equal(value, record.Value!.Value.ToArray());
    }

    [Fact]
    public async Task A_consumer_of_a_topic_begins_at_its_oldest_record_or_where_it_is_told()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync("t", null, "first");
        await producer.SendAsync("t", null, "second");

        Assert.Equal("first", (await ReadAsync(client, 1))[0].ValueText);
        Assert.Equal("second", (await ReadAsync(client, 1, StartAt.Offset(1)))[0].ValueText);
    }

    [Fact]
    public async Task A_topic_that_is_ensured_is_made_once_and_then_left_as_it_is()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());

        TopicDescription made = await client.Admin.EnsureTopicAsync("t", 3, new Dictionary<string, string> { ["retention.ms"] = "1000000" });
        TopicDescription[] again = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.Admin.EnsureTopicAsync("t", partitionCount: 5)));

        Assert.Equal(3, made.PartitionCount);
        Assert.All(again, topic => Assert.Equal((made.Id, 3, "1000000"), (topic.Id, topic.PartitionCount, topic.Config["retention.ms"])));
    }

    [Fact]
    public async Task A_topic_that_cannot_be_made_is_refused_with_the_reason()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await using var client = new BrokerClient(broker.Host.GrpcEndPoint.ToString());

        BrokerException refusal = await Assert.ThrowsAsync<BrokerException>(() => client.Admin.EnsureTopicAsync("no/such"));

        Assert.Contains("no/such", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await client.Admin.ListTopicsAsync());
    }

    [Fact]
    public async Task Ensuring_a_topic_is_tried_again_when_the_answer_was_lost()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.HasTopic = false;
        int calls = 0;
        broker.CreateTopic = request =>
        {
            broker.HasTopic = true;
            throw ++calls == 1
                ? new RpcException(new Status(StatusCode.Unavailable, "The answer is lost."))
                : ScriptedBroker.Refusal(StatusCode.AlreadyExists, ErrorReasons.TopicAlreadyExists, $"There is a topic '{request.Name}'.");
        };
        await using BrokerClient client = broker.Connect();

        TopicDescription topic = await client.Admin.EnsureTopicAsync("t");

        Assert.Equal(2, calls);
        Assert.Equal("t", topic.Name);
    }

    [Fact]
    public async Task A_codec_that_does_not_exist_yet_is_refused_when_the_producer_is_made()
    {
        await using var client = new BrokerClient("127.0.0.1:1");

        ArgumentException refusal = Assert.Throws<ArgumentException>(() => client.CreateProducer(new ProducerOptions { Compression = Codec.Delta }));

        Assert.Contains("None, Lz4 or Zstd", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<List<ConsumedRecord>> ReadAsync(BrokerClient client, int count, StartAt from = default)
    {
        await using Consumer consumer = client.CreateConsumer("t", from);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var records = new List<ConsumedRecord>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync(patience.Token))
        {
            records.Add(record);
            if (records.Count == count)
            {
                break;
            }
        }

        return records;
    }
}
