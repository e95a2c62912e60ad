using Broker.Engine;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>Which producers are forgotten, and when: by the monotonic clock, and the same after a crash.</summary>
public sealed class IdleProducerTests
{
    private readonly SteppedMachine _machine = new(seed: 1);

    public IdleProducerTests()
    {
        _machine.Start(Options);
        Engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        _machine.Commit();
    }

    private static EngineOptions Options => SimulationRun.Options with
    {
        ProducerWindowBatches = 64,
        ProducersMax = 3,
        ProducerIdleMax = TimeSpan.FromHours(2),
    };

    private BrokerEngine Engine => _machine.Engine;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_producer_without_a_name_is_forgotten_after_its_time_and_not_before(bool isKilled)
    {
        ProducerIdentity idle = Init(), busy = Init();
        ProducerIdentity named = Engine.Sequencer.Producers.Open("importer", "").Producer.Identity;
        Assert.True(Append(idle, 0).IsAccepted && Append(busy, 0).IsAccepted && Append(named, 0).IsAccepted);
        for (int minutes = 0; minutes < 115; minutes += 5)
        {
            Pass(TimeSpan.FromMinutes(5));
            Assert.True(Append(busy, 1 + (minutes / 5)).IsAccepted);
        }

        Assert.Equal(3, Engine.Status.ProducerCount);
        Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(2, Engine.Status.ProducerCount);
        _machine.Commit();
        if (isKilled)
        {
            _machine.Kill();
            _machine.Start(Options);
        }

        Assert.Equal(BrokerError.UnknownProducerId, Append(idle, 1).Error);
        Assert.Equal(BrokerError.UnknownProducerId, Append(idle, 0).Error);
        Assert.True(Append(busy, 24).IsAccepted);
        Assert.True(Append(named, 1).IsAccepted);
    }

    [Fact]
    public void At_the_limit_the_one_goes_that_was_idle_longest_and_none_that_was_used_of_late()
    {
        ProducerIdentity first = Init(), second = Init(), third = Init();
        BrokerException refused = Assert.Throws<BrokerException>(() => { Init(); });
        Assert.Equal((BrokerError.ProducerLimitReached, "3"), (refused.Error, refused.Facts["limit"]));
        Pass(TimeSpan.FromMinutes(1));
        Assert.True(Append(first, 0).IsAccepted);
        Pass(TimeSpan.FromMinutes(14.5));
        Assert.True(Append(third, 0).IsAccepted);

        ProducerIdentity fourth = Init();
        Assert.Equal(3, Engine.Status.ProducerCount);
        Assert.Throws<BrokerException>(() => { Init(); });
        Assert.Equal(BrokerError.UnknownProducerId, Append(second, 0).Error);
        Assert.True(Append(first, 1).IsAccepted && Append(third, 1).IsAccepted && Append(fourth, 0).IsAccepted);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void An_idle_producer_goes_on_where_it_was_with_its_last_batch_known(bool isKilled, bool isNamed)
    {
        ProducerIdentity producer = isNamed ? Engine.Sequencer.Producers.Open("importer", "").Producer.Identity : Init();
        for (int sequence = 0; sequence < 40; sequence++)
        {
            Assert.True(Append(producer, sequence).IsAccepted);
        }

        Assert.True(Append(producer, 0).Duplicate);
        Pass(TimeSpan.FromMinutes(16));
        if (isKilled)
        {
            // The checkpoint that the journal waits for, and the one at the end, write what the window has become.
            _machine.RunWorkers();
            _machine.Commit();
            Engine.Close();
            _machine.Disk.EndProcess();
            _machine.Start(Options);
        }

        Assert.Equal(BrokerError.DuplicateSequenceNumber, Append(producer, 0).Error);
        Assert.Equal((true, 39L), (Append(producer, 39).Duplicate, Append(producer, 39).BaseOffset));
        Assert.Equal((false, 40L), (Append(producer, 40).Duplicate, Append(producer, 40).BaseOffset));
    }

    private ProducerIdentity Init() => Engine.Sequencer.Producers.Init("").Producer;

    private void Pass(TimeSpan time) => _machine.Time.Advance(time);

    private AppendDecision Append(ProducerIdentity producer, long sequence)
    {
        PartitionHandle partition = Engine.FindTopic("t")!.Partitions[0];
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1000, OptionalBytes.Null, OptionalBytes.Null, []);
        PooledBuffer batch = writer.Finish(partition.TopicId, partition.Partition, producer.Id, producer.Epoch, sequence);
        AppendDecision decision = Engine.Append(partition, batch.Memory, batch, Durability.Durable);
        batch.Release();
        _machine.Commit();
        return decision;
    }
}
