using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Disk;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>Writes that wait for a checkpoint because the journal is at its limit.</summary>
public sealed class CheckpointLimitTests
{
    private readonly Chance _chance = new(seed: 1);
    private readonly SimulatedWorkers _workers;
    private readonly BrokerEngine _engine;

    public CheckpointLimitTests()
    {
        var disk = new SimulatedDisk(new Chance(seed: 1), new Trace(null));
        _workers = new SimulatedWorkers(disk);
        var store = new StateStoreMedium();
        _engine = BrokerEngine.Open(Options, new EngineEnvironment
        {
            Time = new SimulatedTime(),
            Disk = disk,
            Workers = _workers,
            StateStore = _ => new SimulatedStateStore(store, disk),
            RunsJournal = false,
        });
        _engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        Commit();
    }

    private static EngineOptions Options => SimulationRun.Options with
    {
        JournalFileBytes = 16 << 20,
        JournalReplayBytesMax = 2 << 20,
        TopicDefaults = TopicSettings.Default with { SegmentBytes = 64 << 20 },
    };

    private PartitionHandle Partition => _engine.FindTopic("t")!.Partitions[0];

    [Fact]
    public void Writes_go_on_behind_a_checkpoint_however_much_came_while_it_ran()
    {
        BeginCheckpoint();
        Append(bytes: 10_000, count: 500);
        Commit();
        CheckpointAndCommit(times: 2);
        Append(bytes: 10_000, count: 1);
        Commit();
        Assert.Equal(_engine.DecidedLsn, _engine.Progress.VisibleLsn);
    }

    [Fact]
    public void The_tail_exceeds_its_limit_by_one_group_at_most()
    {
        BeginCheckpoint();
        Append(bytes: 1 << 20, count: 12);
        Commit();
        Assert.InRange(_engine.Status.JournalTailBytes, 2 * Options.JournalReplayBytesMax, (2 * Options.JournalReplayBytesMax) + (4 << 20));
        Assert.True(_engine.Progress.VisibleLsn < _engine.DecidedLsn);
        CheckpointAndCommit(times: 3);
        Assert.Equal(_engine.DecidedLsn, _engine.Progress.VisibleLsn);
    }

    /// <summary>One that no worker goes on with yet.</summary>
    private void BeginCheckpoint()
    {
        RunWorkers();
        Append(bytes: 10_000, count: 210);
        Commit();
        Assert.Equal(_engine.DecidedLsn, _engine.Progress.VisibleLsn);
        Assert.Contains(_workers.Runnable(), worker => worker.Name == "checkpoint");
    }

    private void Append(int bytes, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using var writer = new BatchWriter(Codec.None);
            writer.Append(1000, OptionalBytes.Null, _chance.Bytes(bytes), []);
            PooledBuffer batch = writer.Finish(Partition.TopicId, 0, producerId: -1, producerEpoch: -1, baseSequence: -1);
            Assert.Equal(BrokerError.None, _engine.Append(Partition, batch.Memory, batch, Durability.Durable).Error);
            batch.Release();
        }
    }

    private void CheckpointAndCommit(int times)
    {
        for (int i = 0; i < times; i++)
        {
            RunWorkers();
            Commit();
        }
    }

    private void Commit()
    {
        while (_engine.Parts.Committer.RunOnce())
        {
        }
    }

    private void RunWorkers()
    {
        while (_workers.Runnable() is [SimulatedWorker next, ..])
        {
            next.RunNext();
        }
    }
}
