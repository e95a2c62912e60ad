using Broker.Engine;
using Broker.Engine.Producers;

namespace Broker.Tests.Engine;

public sealed class NamedProducerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Opening_a_name_again_stops_the_one_before_and_tells_where_it_was(bool crash)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", partitions: 3);
        OpenedProducer first = await broker.Engine.OpenProducerAsync("importer", "one", default);
        Assert.Equal((0, 0), (first.Identity.Epoch, first.Positions.Count));
        await AppendAsync(broker, 0, first, sequence: 0, "a", "b");
        await AppendAsync(broker, 2, first, sequence: 0, "c");
        await AppendAsync(broker, 2, first, sequence: 1, "d");
        if (crash)
        {
            await broker.CrashAsync();
        }

        OpenedProducer second = await broker.Engine.OpenProducerAsync("importer", "two", default);
        Assert.Equal(new ProducerIdentity(first.Identity.Id, 1), second.Identity);
        Assert.Equal([("t", 0, 2L, 1L), ("t", 2, 2, 1)], second.Positions.Select(p => (p.Topic, p.Partition, p.NextSequence, p.LastOffset)));
        AppendDecision late = await AppendAsync(broker, 0, first, sequence: 2, "late");
        Assert.Equal((BrokerError.InvalidProducerEpoch, 0L, 1L), (late.Error, late.Found, late.Expected));
        Assert.Equal(2, (await AppendAsync(broker, 0, second, sequence: 2, "e")).BaseOffset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_of_the_epoch_before_is_recognised_when_it_is_sent_again_under_the_next(bool crash)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        OpenedProducer first = await broker.Engine.OpenProducerAsync("importer", "", default);
        await AppendAsync(broker, 0, first, sequence: 0, "a");
        await AppendAsync(broker, 0, first, sequence: 1, "b", "c");
        OpenedProducer second = await broker.Engine.OpenProducerAsync("importer", "", default);
        if (crash)
        {
            await broker.CrashAsync();
        }

        AppendDecision again = await AppendAsync(broker, 0, second, sequence: 1, "b", "c");
        Assert.Equal((BrokerError.None, true, 1L), (again.Error, again.Duplicate, again.BaseOffset));
        Assert.Equal(3, broker.Partition("t").HighWatermark);
    }

    [Fact]
    public async Task One_that_was_taken_over_does_not_take_the_name_back_for_its_next_epoch()
    {
        await using var broker = new EngineFixture();
        ProducerIdentity first = (await broker.Engine.OpenProducerAsync("importer", "one", default)).Identity;
        ProducerIdentity next = (await broker.Engine.OpenProducerAsync("importer", "one", first, default)).Identity;
        Assert.Equal(first with { Epoch = 1 }, next);
        await broker.Engine.OpenProducerAsync("importer", "two", default);
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(
            () => broker.Engine.OpenProducerAsync("importer", "one", next, default).AsTask());
        Assert.Equal((BrokerError.InvalidProducerEpoch, "1", "2"), (refused.Error, refused.Facts["found"], refused.Facts["expected"]));

        // Deleted and made anew, it has epoch 0 again, and is another one.
        await broker.Engine.DeleteProducerAsync("importer", id: 0, default);
        await Assert.ThrowsAsync<BrokerException>(() => broker.Engine.OpenProducerAsync("importer", "one", first, default).AsTask());
        await broker.Engine.OpenProducerAsync("importer", "two", default);
        await Assert.ThrowsAsync<BrokerException>(() => broker.Engine.OpenProducerAsync("importer", "one", first, default).AsTask());
    }

    [Fact]
    public async Task A_checkpoint_keeps_names_epochs_and_sequences()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        OpenedProducer one = await broker.Engine.OpenProducerAsync("one", "app", default);
        await broker.Engine.OpenProducerAsync("two", "", default);
        await broker.Engine.OpenProducerAsync("two", "", default);
        ProducerIdentity unnamed = await broker.Engine.InitProducerAsync("plain", default);
        await AppendAsync(broker, 0, one, sequence: 0, "a", "b", "c");
        await broker.RestartAsync();

        IReadOnlyList<ProducerSummary> all = await broker.Engine.ListProducersAsync(afterId: 0, countMax: 10, isNamed: false, default);
        Assert.Equal(
            [("one", 0, "app", 1), ("two", 1, "", 0), (null, 0, "plain", 0)],
            all.Select(p => (p.Name, p.Epoch, p.ClientId, p.PartitionCount)));
        Assert.Equal(unnamed.Id, all[2].Id);
        (ProducerSummary described, IReadOnlyList<ProducerPosition> positions) = await broker.Engine.DescribeProducerAsync("one", 0, default);
        Assert.Equal((one.Identity.Id, 3L, 2L), (described.Id, positions[0].NextSequence, positions[0].LastOffset));
        Assert.Equal(2, (await broker.Engine.OpenProducerAsync("two", "", default)).Identity.Epoch);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_producer_is_refused_and_its_name_begins_anew(bool crash)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        OpenedProducer first = await broker.Engine.OpenProducerAsync("importer", "", default);
        await AppendAsync(broker, 0, first, sequence: 0, "a");
        await broker.RestartAsync();
        await AppendAsync(broker, 0, first, sequence: 1, "b");
        await broker.Engine.DeleteProducerAsync("importer", id: 0, default);
        await (crash ? broker.CrashAsync() : broker.RestartAsync());

        Assert.Equal(BrokerError.UnknownProducerId, (await AppendAsync(broker, 0, first, sequence: 2, "c")).Error);
        Assert.Equal(
            BrokerError.UnknownProducer,
            (await Assert.ThrowsAsync<BrokerException>(() => broker.Engine.DescribeProducerAsync("importer", 0, default).AsTask())).Error);
        OpenedProducer second = await broker.Engine.OpenProducerAsync("importer", "", default);
        Assert.NotEqual(first.Identity.Id, second.Identity.Id);
        Assert.Empty(second.Positions);
        Assert.Equal(2, (await AppendAsync(broker, 0, second, sequence: 0, "d")).BaseOffset);
    }

    [Fact]
    public async Task Positions_are_of_topics_that_are_there()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("gone");
        await broker.CreateTopicAsync("kept");
        OpenedProducer producer = await broker.Engine.OpenProducerAsync("importer", "", default);
        await broker.AppendAsync(broker.Partition("gone"), ["a"], producer.Identity.Id, epoch: 0, sequence: 0);
        await broker.AppendAsync(broker.Partition("kept"), ["b"], producer.Identity.Id, epoch: 0, sequence: 0);
        await broker.Engine.DeleteTopicAsync("gone", default);
        await broker.CreateTopicAsync("gone");

        OpenedProducer again = await broker.Engine.OpenProducerAsync("importer", "", default);
        Assert.Equal(["kept"], again.Positions.Select(p => p.Topic));
        await broker.AppendAsync(broker.Partition("gone"), ["c"], producer.Identity.Id, epoch: 1, sequence: 0);
        await broker.CrashAsync();
        again = await broker.Engine.OpenProducerAsync("importer", "", default);
        Assert.Equal([("gone", 1L), ("kept", 1L)], again.Positions.Select(p => (p.Topic, p.NextSequence)));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("..")]
    public async Task A_bad_name_is_refused_with_the_rule(string name)
    {
        await using var broker = new EngineFixture();
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => broker.Engine.OpenProducerAsync(name, "", default).AsTask());
        Assert.Equal(BrokerError.InvalidRequest, refused.Error);
        Assert.Contains("1 to 249 of a-z", refused.Message, StringComparison.Ordinal);
    }

    private static Task<AppendDecision> AppendAsync(EngineFixture broker, int partition, OpenedProducer producer, long sequence, params string[] values) =>
        broker.AppendAsync(broker.Partition("t", partition), values, producer.Identity.Id, producer.Identity.Epoch, sequence);
}
