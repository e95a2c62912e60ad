using System.Text;
using Broker.Client;
using Broker.Tests.Server;

namespace Broker.Tests.Client;

/// <summary>Producers with names and appends that expect an offset, of the SDK against a real broker.</summary>
#pragma warning disable CA1001 // It is disposed of, in DisposeAsync, which is xunit's.
public sealed class TakeOverTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private TestBroker _broker = null!;
    private BrokerClient _client = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        _client = new BrokerClient(_broker.Host.GrpcEndPoint.ToString());
        await _client.Admin.CreateTopicAsync("t", partitionCount: 2);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task A_program_that_is_started_again_goes_on_where_the_one_before_was_and_stops_that_one()
    {
        await using Producer first = Named("copy");
        Assert.Empty(await first.OpenAsync());
        string[] source = [.. Enumerable.Range(0, 40).Select(i => $"line {i}")];
        await Task.WhenAll(source.Take(10).Select((line, i) => SendAsync(first, i % 2, line)));

        await using Producer second = Named("copy");
        IReadOnlyList<ProducerPosition> positions = await second.OpenAsync();
        Assert.Equal([("t", 0, 5L, 4L), ("t", 1, 5, 4)], positions.Select(p => (p.Topic, p.Partition, p.RecordCount, p.LastOffset)));
        FatalException fenced = await Assert.ThrowsAsync<FatalException>(() => SendAsync(first, 0, "too late"));
        Assert.Equal((ErrorReasons.InvalidProducerEpoch, true), (fenced.Reason, fenced.IsDefinite));
        int done = (int)positions.Sum(p => p.RecordCount);
        await Task.WhenAll(source.Skip(done).Select((line, i) => SendAsync(second, (done + i) % 2, line)));

        Assert.Equal(source.Where((_, i) => i % 2 == 0), await ReadAsync(partition: 0));
        Assert.Equal(source.Where((_, i) => i % 2 == 1), await ReadAsync(partition: 1));
    }

    [Fact]
    public async Task A_name_is_taken_over_with_the_first_record_when_nobody_opens_it()
    {
        await using (Producer first = Named("copy"))
        {
            await SendAsync(first, 1, "a");
        }

        await using Producer second = Named("copy");
        await SendAsync(second, 1, "b");
        await SendAsync(second, 0, "c");

        ProducerDescription described = await _client.Admin.DescribeProducerAsync("copy");
        Assert.Equal(("copy", 1, 2), (described.Name, described.Epoch, described.PartitionCount));
        Assert.Equal([(0, 1L), (1, 2L)], described.Positions.Select(p => (p.Partition, p.RecordCount)));
        Assert.Equal(["a", "b"], await ReadAsync(partition: 1));
    }

    [Fact]
    public async Task Producers_are_listed_and_a_deleted_one_ends_for_good()
    {
        await using Producer named = Named("copy");
        await using Producer plain = _client.CreateProducer();
        await SendAsync(named, 0, "a");
        await SendAsync(plain, 0, "b");
        List<ProducerDescription> all = await _client.Admin.ListProducersAsync().ToListAsync();
        Assert.Equal(["copy", null], all.Select(p => p.Name));
        Assert.Equal(["copy"], (await _client.Admin.ListProducersAsync(onlyNamed: true).ToListAsync()).Select(p => p.Name));

        await _client.Admin.DeleteProducerAsync("copy");
        await _client.Admin.DeleteProducerAsync(all[1].Id);
        FatalException ended = await Assert.ThrowsAsync<FatalException>(() => SendAsync(named, 0, "c"));
        Assert.Contains("deleted", ended.Message, StringComparison.Ordinal);
        await SendAsync(plain, 0, "d");
        Assert.Equal(["a", "b", "d"], await ReadAsync(partition: 0));
        BrokerException unknown = await Assert.ThrowsAsync<BrokerException>(() => _client.Admin.DescribeProducerAsync("copy"));
        Assert.Equal(ErrorReasons.UnknownProducer, unknown.Reason);
    }

    [Fact]
    public async Task Of_two_that_expect_the_same_offset_one_gets_through_and_the_other_learns_what_is_there()
    {
        await using Producer one = _client.CreateProducer(), two = _client.CreateProducer();
        RecordMetadata last = await one.AppendAsync("t", 0, Records("a", "b", "c"), expectedLastOffset: -1);
        Assert.Equal(2, last.Offset);

        ExpectedOffsetException refused = await Assert.ThrowsAsync<ExpectedOffsetException>(
            async () => await two.AppendAsync("t", 0, Records("x", "y"), expectedLastOffset: -1));
        Assert.Equal((2, true), (refused.LastOffset, refused.IsDefinite));
        Task<RecordMetadata> next = SendAsync(two, 0, "d");
        last = await two.AppendAsync("t", 0, Records("e", "f"), expectedLastOffset: 3);
        Assert.Equal((3, 5), ((await next).Offset, last.Offset));
        await Assert.ThrowsAsync<ExpectedOffsetException>(async () => await one.AppendAsync("t", 0, Records("x", "y", "z"), expectedLastOffset: 3));

        // Who awaited it knows: it is nothing that a flush has to tell.
        await one.FlushAsync();
        await SendAsync(one, 0, "g");

        Assert.Equal(["a", "b", "c", "d", "e", "f", "g"], await ReadAsync(partition: 0));
    }

    [Fact]
    public async Task Records_that_go_together_and_are_too_many_for_a_batch_are_refused_before_any_is_sent()
    {
        await using Producer producer = _client.CreateProducer();
        ProducerRecord[] records = [.. Enumerable.Range(0, 6).Select(_ => new ProducerRecord { Topic = "t", Value = new byte[900_000] })];
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(async () => await producer.AppendAsync("t", 0, records, expectedLastOffset: -1));
        Assert.Equal(ErrorReasons.MessageTooLarge, refused.Reason);
        Assert.Empty(await ReadAsync(partition: 0));
        await Assert.ThrowsAsync<InvalidOperationException>(() => producer.OpenAsync());
    }

    private static ProducerRecord[] Records(params string[] values) =>
        [.. values.Select(value => new ProducerRecord { Topic = "t", Value = Encoding.UTF8.GetBytes(value) })];

    private static Task<RecordMetadata> SendAsync(Producer producer, int partition, string value) =>
        producer.SendAsync(new ProducerRecord { Topic = "t", Partition = partition, Value = Encoding.UTF8.GetBytes(value) }).AsTask();

    private Producer Named(string name) => _client.CreateProducer(new ProducerOptions { Name = name });

    private async Task<List<string>> ReadAsync(int partition)
    {
        await using Consumer consumer = _client.CreateConsumer(new ConsumerOptions { Topic = "t", Partitions = [partition], StopAtEnd = true });
        return await consumer.ReadAllAsync().Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span)).ToListAsync();
    }
}
