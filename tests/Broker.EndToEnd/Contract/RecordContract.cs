using System.Text;
using Broker.Client;
using Broker.Records;

namespace Broker.EndToEnd.Contract;

/// <summary>Records in and out.</summary>
public abstract class RecordContract(IContractBroker broker) : ClientContract(broker)
{
    [Fact]
    public async Task A_record_comes_back_with_all_that_it_had_null_and_empty_told_apart()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        ProducerRecord[] sent =
        [
            new() { Topic = Topic },
            new() { Topic = Topic, Key = Array.Empty<byte>(), Value = Array.Empty<byte>() },
            new()
            {
                Topic = Topic,
                Key = "k"u8.ToArray(),
                Value = new byte[100_000],
                Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(981_000_000_000),
                Headers = [new("a", "1"u8.ToArray()), new("a", null), new("ü", Array.Empty<byte>())],
            },
        ];
        await using Producer producer = Client.CreateProducer();
        foreach (ProducerRecord record in sent)
        {
            await producer.SendAsync(record);
        }

        List<ConsumedRecord> read = await ReadAsync(Topic);

        Assert.Equal([0L, 1, 2], read.Select(record => record.Offset));
        Assert.Equal(sent.Select(record => record.Key?.ToArray()), read.Select(record => record.Key?.ToArray()));
        Assert.Equal(sent.Select(record => record.Value?.ToArray()), read.Select(record => record.Value?.ToArray()));
        Assert.Equal(sent[2].Timestamp, read[2].Timestamp);
        Assert.Equal(["a", "a", "ü"], read[2].Headers.Select(header => header.Key));
        Assert.Equal(["1"u8.ToArray(), null, Array.Empty<byte>()], read[2].Headers.Select(header => header.Value?.ToArray()));
    }

    [Fact]
    public async Task An_ack_tells_where_the_record_is_and_when_the_broker_took_it()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 3);
        await using Producer producer = Client.CreateProducer();
        RecordMetadata[] acks = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => producer.SendAsync(Topic, $"key {i}", $"{i}").AsTask()));

        List<ConsumedRecord> read = await ReadAsync(Topic);

        Assert.Equal(300, read.Count);
        Assert.Equal([0, 1, 2], acks.Select(ack => ack.Partition).Distinct().Order());
        Assert.All(read, record =>
        {
            RecordMetadata ack = acks[int.Parse(record.ValueText!)];
            Assert.Equal((ack.Partition, ack.Offset, ack.AppendTimeMs), (record.Partition, record.Offset, record.AppendTimeMs));
            Assert.Equal((Topic, Durability.Durable, false), (ack.Topic, ack.Durability, ack.IsDuplicate));
        });
    }

    [Fact]
    public async Task Records_of_one_key_are_in_one_partition_in_the_order_in_which_they_were_sent()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 4);
        await using Producer producer = Client.CreateProducer(new ProducerOptions { BatchSizeBytes = 2048 });
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => producer.SendAsync(Topic, $"key {i % 20}", $"{i}").AsTask()));

        List<ConsumedRecord> read = await ReadAsync(Topic);

        Assert.Equal(2000, read.Count);
        foreach (IGrouping<string?, ConsumedRecord> key in read.GroupBy(record => record.KeyText))
        {
            Assert.Single(key.Select(record => record.Partition).Distinct());
            int first = int.Parse(key.Key![4..]);
            Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{first + (20 * i)}"), key.Select(record => record.ValueText));
        }
    }

    [Theory]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public async Task Compressed_records_come_back(Codec codec)
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        string[] values = [.. Enumerable.Range(0, 1000).Select(i => $"the same words and number {i}")];
        await using Producer producer = Client.CreateProducer(new ProducerOptions { Compression = codec });
        await Task.WhenAll(values.Select(value => producer.SendAsync(Topic, null, value).AsTask()));

        Assert.Equal(values, await ReadValuesAsync(Topic));
        TopicDescription described = await Client.Admin.DescribeTopicAsync(Topic);
        Assert.InRange(described.Partitions[0].SizeBytes, 1, values.Sum(value => value.Length) / 2);
    }

    [Fact]
    public async Task Reading_begins_where_it_is_asked_to()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using Producer producer = Client.CreateProducer();
        for (int i = 0; i < 100; i++)
        {
            await producer.SendAsync(new ProducerRecord
            {
                Topic = Topic,
                Value = Encoding.UTF8.GetBytes($"{i}"),
                Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(i),
            });
        }

        (StartAt From, int First)[] places =
        [
            (StartAt.Earliest, 0), (StartAt.Offset(37), 37), (StartAt.Latest, 100), (StartAt.Offset(100), 100),
            (StartAt.Timestamp(DateTimeOffset.UnixEpoch), 0), (StartAt.Timestamp(DateTimeOffset.UnixEpoch.AddSeconds(50)), 50),
            (StartAt.Timestamp(DateTimeOffset.UnixEpoch.AddSeconds(50.5)), 51), (StartAt.Timestamp(DateTimeOffset.UnixEpoch.AddDays(1)), 100),
        ];
        foreach ((StartAt from, int first) in places)
        {
            Assert.Equal(Enumerable.Range(first, 100 - first).Select(i => $"{i}"), await ReadValuesAsync(Topic, from));
            Assert.Equal(first, (await Client.Admin.ListOffsetsAsync(Topic, from))[0].Offset);
        }
    }

    [Fact]
    public async Task An_offset_that_is_not_there_is_refused_with_what_is()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using Producer producer = Client.CreateProducer();
        await producer.SendAsync(Topic, "k", "v");

        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => ReadAsync(Topic, StartAt.Offset(2)));

        Assert.Equal(ErrorReasons.OffsetOutOfRange, refused.Reason);
        Assert.Equal(("0", "1"), (refused.Metadata["log_start_offset"], refused.Metadata["high_watermark"]));
    }

    [Fact]
    public async Task Whoever_follows_gets_each_record_when_it_is_written()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using Consumer consumer = Client.CreateConsumer(Topic);
        await using IAsyncEnumerator<ConsumedRecord> records = consumer.ReadAllAsync().GetAsyncEnumerator();
        await using Producer producer = Client.CreateProducer();
        for (int i = 0; i < 20; i++)
        {
            Task<bool> next = records.MoveNextAsync().AsTask();
            await SendAsync(producer, Topic, partition: 0, $"{i}");
            Assert.True(await next.WaitAsync(Patience));
            Assert.Equal($"{i}", records.Current.ValueText);
        }
    }

    [Fact]
    public async Task A_record_that_the_topic_does_not_take_is_refused_for_good_and_those_beside_it_are_taken()
    {
        await Client.Admin.CreateTopicAsync(Topic, 1, new Dictionary<string, string> { ["max.message.bytes"] = "1000" });
        await using Producer producer = Client.CreateProducer();
        Task<RecordMetadata> sent = SendAsync(producer, Topic, 0, "before");
        BrokerException tooLarge = await Assert.ThrowsAsync<BrokerException>(() => SendAsync(producer, Topic, 0, new string('x', 1001)));
        RecordMetadata before = await sent;
        BrokerException tooLate = await Assert.ThrowsAsync<BrokerException>(() => producer.SendAsync(new ProducerRecord
        {
            Topic = Topic,
            Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(before.AppendTimeMs).AddDays(1),
        }).AsTask());
        await SendAsync(producer, Topic, 0, "after");

        Assert.Equal((ErrorReasons.MessageTooLarge, true, false), (tooLarge.Reason, tooLarge.IsDefinite, tooLarge.IsRetriable));
        Assert.Equal(("INVALID_TIMESTAMP", true, false), (tooLate.Reason, tooLate.IsDefinite, tooLate.IsRetriable));
        Assert.Equal(["before", "after"], await ReadValuesAsync(Topic));
    }

    public sealed class InMemory(InMemoryContractBroker broker) : RecordContract(broker), IClassFixture<InMemoryContractBroker>;

    public sealed class InAProcess(ProcessContractBroker broker) : RecordContract(broker), IClassFixture<ProcessContractBroker>;
}
