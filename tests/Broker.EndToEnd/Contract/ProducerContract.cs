using Broker.Client;

namespace Broker.EndToEnd.Contract;

/// <summary>Producers with names, and appends that expect an offset.</summary>
public abstract class ProducerContract(IContractBroker broker) : ClientContract(broker)
{
    private string Name => Topic + "-importer";

    [Fact]
    public async Task Whoever_takes_a_name_over_is_told_where_it_was_and_stops_who_had_it()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 2);
        await using Producer first = Named();
        Assert.Empty(await first.OpenAsync());
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => SendAsync(first, Topic, i % 2, $"{i}")));

        await using Producer second = Named();
        IReadOnlyList<ProducerPosition> positions = await second.OpenAsync();
        FatalException fenced = await Assert.ThrowsAsync<FatalException>(() => SendAsync(first, Topic, 0, "too late"));
        await SendAsync(second, Topic, 0, "10");

        Assert.Equal([(Topic, 0, 5L, 4L), (Topic, 1, 5, 4)], positions.Select(p => (p.Topic, p.Partition, p.RecordCount, p.LastOffset)));
        Assert.Equal((ErrorReasons.InvalidProducerEpoch, true), (fenced.Reason, fenced.IsDefinite));
        Assert.Equal(["0", "2", "4", "6", "8", "10"], await ReadValuesAsync(Topic, partition: 0));
    }

    [Fact]
    public async Task A_name_is_known_with_its_positions_until_it_is_deleted_which_ends_its_producer()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using Producer producer = Named();
        await SendAsync(producer, Topic, 0, "a");
        ProducerDescription described = await Client.Admin.DescribeProducerAsync(Name);
        List<ProducerDescription> named = await Client.Admin.ListProducersAsync(onlyNamed: true).ToListAsync();

        await Client.Admin.DeleteProducerAsync(Name);
        FatalException ended = await Assert.ThrowsAsync<FatalException>(() => SendAsync(producer, Topic, 0, "b"));
        BrokerException unknown = await Assert.ThrowsAsync<BrokerException>(() => Client.Admin.DescribeProducerAsync(Name));

        Assert.Equal([(Topic, 0, 1L, 0L)], described.Positions.Select(p => (p.Topic, p.Partition, p.RecordCount, p.LastOffset)));
        Assert.Contains(named, p => p.Name == Name && p.Id == described.Id);
        Assert.True(ended.IsDefinite);
        Assert.Equal(ErrorReasons.UnknownProducer, unknown.Reason);
        Assert.Equal(["a"], await ReadValuesAsync(Topic));
    }

    [Fact]
    public async Task Of_two_that_expect_the_same_offset_one_gets_through_and_the_other_learns_what_is_there()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        await using Producer one = Client.CreateProducer(), two = Client.CreateProducer();
        RecordMetadata last = await one.AppendAsync(Topic, 0, Records(Topic, "a", "b"), expectedLastOffset: -1);

        ExpectedOffsetException refused = await Assert.ThrowsAsync<ExpectedOffsetException>(
            async () => await two.AppendAsync(Topic, 0, Records(Topic, "x", "y"), expectedLastOffset: -1));
        await two.AppendAsync(Topic, 0, Records(Topic, "c"), expectedLastOffset: refused.LastOffset);

        Assert.Equal((1, 1, true), (last.Offset, refused.LastOffset, refused.IsDefinite));
        Assert.Equal(["a", "b", "c"], await ReadValuesAsync(Topic));
    }

    [Fact]
    public async Task Of_many_that_decide_on_what_they_have_read_none_overwrites_another()
    {
        await Client.Admin.CreateTopicAsync(Topic, partitionCount: 1);
        int[] tries = await Task.WhenAll(Enumerable.Range(0, 5).Select(AddTenTimesAsync));

        Assert.Equal(Enumerable.Range(1, 50).Select(sum => $"{sum}"), await ReadValuesAsync(Topic));
        Assert.True(tries.Sum() >= 50);

        async Task<int> AddTenTimesAsync(int writer)
        {
            await using Producer producer = Client.CreateProducer();
            int tries = 0;
            for (int done = 0; done < 10; tries++)
            {
                List<ConsumedRecord> read = await ReadAsync(Topic);
                int sum = read.Count == 0 ? 0 : int.Parse(read[^1].ValueText!);
                try
                {
                    await producer.AppendAsync(Topic, 0, Records(Topic, $"{sum + 1}"), expectedLastOffset: read.Count - 1);
                    done++;
                }
                catch (ExpectedOffsetException)
                {
                    // Another one was faster: read again.
                }
            }

            return tries;
        }
    }

    public sealed class InMemory(InMemoryContractBroker broker) : ProducerContract(broker), IClassFixture<InMemoryContractBroker>;

    public sealed class InAProcess(ProcessContractBroker broker) : ProducerContract(broker), IClassFixture<ProcessContractBroker>;

    private Producer Named() => Client.CreateProducer(new ProducerOptions { Name = Name });
}
