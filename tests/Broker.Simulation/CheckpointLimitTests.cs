using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Disk;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>When a checkpoint begins, and writes that wait for one because the journal is at its limit.</summary>
public sealed class CheckpointLimitTests
{
    private readonly Chance _chance = new(seed: 1);
    private readonly SimulatedDisk _disk = new(new Chance(seed: 1), new Trace(null));
    private readonly StateStoreMedium _store = new();
    private readonly SimulatedTime _time = new();
    private SimulatedWorkers _workers = null!;
    private BrokerEngine _engine = null!;

    public CheckpointLimitTests()
    {
        Start();
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

    [Fact]
    public void What_was_replayed_is_checkpointed_a_second_after_the_start()
    {
        Restart();
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.DoesNotContain(_workers.Runnable(), worker => worker.Name == "checkpoint");
        long replayed = _engine.Status.JournalTailBytes;
        _time.Advance(TimeSpan.FromSeconds(0.1));
        RunWorkers();
        Assert.InRange(_engine.Status.JournalTailBytes, 0, replayed - 1_000_000);
    }

    [Fact]
    public void What_was_replayed_is_checkpointed_at_once_when_half_the_limit_was_written_since()
    {
        Restart();
        Append(bytes: 10_000, count: 90);
        Commit();
        Assert.DoesNotContain(_workers.Runnable(), worker => worker.Name == "checkpoint");
        Append(bytes: 10_000, count: 20);
        Commit();
        Assert.Contains(_workers.Runnable(), worker => worker.Name == "checkpoint");
        RunWorkers();
        Assert.InRange(_engine.Status.JournalTailBytes, 1_100_000, 1_300_000);
    }

    private void Start()
    {
        _workers = new SimulatedWorkers(_disk);
        _engine = BrokerEngine.Open(Options, new EngineEnvironment
        {
            Time = _time,
            Disk = _disk,
            Workers = _workers,
            StateStore = _ => new SimulatedStateStore(_store, _disk),
            RunsJournal = false,
        });
    }

    /// <summary>As after a kill, with 1.5 MB to replay.</summary>
    private void Restart()
    {
        Append(bytes: 10_000, count: 150);
        Commit();
        _engine.Abandon();
        _disk.EndProcess();
        Start();
        Assert.InRange(_engine.Status.JournalTailBytes, 1_500_000, 1_600_000);
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
