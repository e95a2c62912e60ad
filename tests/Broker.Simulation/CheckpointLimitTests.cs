using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>When a checkpoint begins, and writes that wait for one because the journal is at its limit.</summary>
public sealed class CheckpointLimitTests
{
    private readonly SteppedMachine _machine = new(seed: 1);

    public CheckpointLimitTests()
    {
        _machine.Start(Options);
        Engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        _machine.Commit();
    }

    private static EngineOptions Options => SimulationRun.Options with
    {
        JournalFileBytes = 16 << 20,
        JournalReplayBytesMax = 2 << 20,
        TopicDefaults = TopicSettings.Default with { SegmentBytes = 64 << 20 },
    };

    private BrokerEngine Engine => _machine.Engine;

    private bool IsCheckpointWaiting => _machine.Workers.Runnable().Any(worker => worker.Name == "checkpoint");

    [Fact]
    public void Writes_go_on_behind_a_checkpoint_however_much_came_while_it_ran()
    {
        BeginCheckpoint();
        _machine.Append("t", bytes: 10_000, count: 500);
        _machine.Commit();
        CheckpointAndCommit(times: 2);
        _machine.Append("t", bytes: 10_000, count: 1);
        _machine.Commit();
        Assert.Equal(Engine.DecidedLsn, Engine.Progress.VisibleLsn);
    }

    [Fact]
    public void The_tail_exceeds_its_limit_by_one_group_at_most()
    {
        BeginCheckpoint();
        _machine.Append("t", bytes: 1 << 20, count: 12);
        _machine.Commit();
        Assert.InRange(Engine.Status.JournalTailBytes, 2 * Options.JournalReplayBytesMax, (2 * Options.JournalReplayBytesMax) + (4 << 20));
        Assert.True(Engine.Progress.VisibleLsn < Engine.DecidedLsn);
        CheckpointAndCommit(times: 3);
        Assert.Equal(Engine.DecidedLsn, Engine.Progress.VisibleLsn);
    }

    [Fact]
    public void What_was_replayed_is_checkpointed_a_second_after_the_start()
    {
        Restart();
        long replayed = Engine.Status.JournalTailBytes;
        _machine.Time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(IsCheckpointWaiting);
        _machine.Time.Advance(TimeSpan.FromSeconds(0.1));
        _machine.RunWorkers();
        Assert.InRange(Engine.Status.JournalTailBytes, 0, replayed - 1_000_000);
    }

    [Fact]
    public void What_was_replayed_is_checkpointed_at_once_when_the_tail_has_grown_to_one_and_a_half_times_its_limit()
    {
        Restart();
        _machine.Append("t", bytes: 10_000, count: 140);
        _machine.Commit();
        Assert.False(IsCheckpointWaiting);
        _machine.Append("t", bytes: 10_000, count: 30);
        _machine.Commit();
        Assert.True(IsCheckpointWaiting);
        _machine.RunWorkers();
        Assert.InRange(Engine.Status.JournalTailBytes, 1_700_000, 1_900_000);
    }

    [Fact]
    public void What_was_replayed_is_checkpointed_at_once_when_writes_would_wait_for_it_however_little_it_was()
    {
        _machine.Kill();
        _machine.Start(Options);
        _machine.Append("t", bytes: 10_000, count: 190);
        _machine.Commit();
        Assert.False(IsCheckpointWaiting);
        _machine.Append("t", bytes: 10_000, count: 30);
        _machine.Commit();
        Assert.True(IsCheckpointWaiting);
        _machine.Append("t", bytes: 10_000, count: 1);
        CheckpointAndCommit(times: 1);
        Assert.Equal(Engine.DecidedLsn, Engine.Progress.VisibleLsn);
    }

    [Fact]
    public void What_was_replayed_is_checkpointed_when_the_broker_stops_within_that_second()
    {
        Restart();
        Engine.Close();
        _machine.Disk.EndProcess();
        _machine.Start(Options);
        Assert.InRange(Engine.Status.JournalTailBytes, 0, 100_000);
        _machine.Holds("t", from: 0, to: 150);
    }

    /// <summary>As after a kill, with 1.5 MB to replay.</summary>
    private void Restart()
    {
        _machine.Append("t", bytes: 10_000, count: 150);
        _machine.Commit();
        _machine.Kill();
        _machine.Start(Options);
        Assert.InRange(Engine.Status.JournalTailBytes, 1_500_000, 1_600_000);
    }

    /// <summary>One that no worker goes on with yet.</summary>
    private void BeginCheckpoint()
    {
        _machine.RunWorkers();
        _machine.Append("t", bytes: 10_000, count: 210);
        _machine.Commit();
        Assert.Equal(Engine.DecidedLsn, Engine.Progress.VisibleLsn);
        Assert.True(IsCheckpointWaiting);
    }

    private void CheckpointAndCommit(int times)
    {
        for (int i = 0; i < times; i++)
        {
            _machine.RunWorkers();
            _machine.Commit();
        }
    }
}
