using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Disk;
using Broker.Simulation.Schedule;
using Broker.Storage;

namespace Broker.Simulation;

/// <summary>Records that were accepted wait for space in their segments. What gives it back comes behind them in the journal.</summary>
public sealed class FullDiskTests
{
    private const int BatchBytes = 1000, Batches = 40, PausesMax = 1000;

    private readonly Chance _chance = new(seed: 1);
    private readonly SimulatedDisk _disk = new(new Chance(seed: 1), new Trace(null));
    private readonly StateStoreMedium _store = new();
    private readonly SimulatedTime _time = new();
    private BrokerEngine _engine = null!;
    private SimulatedWorkers _workers = null!;

    [Theory]
    [InlineData(1)]
    [InlineData(Batches - 1)]
    [InlineData(Batches)]
    public void A_trim_gives_space_back_to_the_records_of_its_own_partition_that_wait_for_it(int keptAtMost)
    {
        Start();
        Fill("t");
        _disk.FullFor = PausesMax;
        Append("t");
        _engine.Sequencer.AdvanceLogStart(Partition("t"), Batches + 1 - keptAtMost);
        Append("t");
        Commit();
        bool isFreeing = keptAtMost < Batches - 10;
        Assert.Equal(isFreeing, _disk.DeletedWhileFull > 0);
        Holds("t", from: Batches + 1 - keptAtMost, to: Batches + 2);
        HoldsAfterPowerCut("t", from: Batches + 1 - keptAtMost, to: Batches + 2);
    }

    [Fact]
    public void A_trim_to_the_end_leaves_no_file_behind_though_its_partition_waited_for_space()
    {
        Start();
        Fill("t");
        Fill("u");
        _disk.FullFor = PausesMax;
        Append("u");
        _engine.Sequencer.AdvanceLogStart(Partition("t"), Batches);
        Append("t");
        Commit();
        Assert.True(_disk.DeletedWhileFull > 0);
        Assert.Single(Partition("t").Log.Segments);
        HoldsAfterPowerCut("t", from: Batches, to: Batches + 1);
        Holds("u", from: 0, to: Batches + 1);
    }

    [Fact]
    public void A_topic_is_deleted_and_made_again_while_its_own_records_wait_for_space()
    {
        Start();
        Fill("t");
        TopicId before = Partition("t").TopicId;
        _disk.FullFor = PausesMax;
        Append("t");
        _engine.Sequencer.AlterTopic("t", new Dictionary<string, string> { ["retention.ms"] = "1000" }, []);
        _engine.Sequencer.DeleteTopic("t");
        _engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        Commit();
        Assert.True(_disk.DeletedWhileFull > 0);
        Assert.NotEqual(before, Partition("t").TopicId);
        _engine.Parts.DiskGuard.Refresh();
        Append("t");
        Commit();
        HoldsAfterPowerCut("t", from: 0, to: 1);
        Assert.DoesNotContain(_disk.AllFiles, path => path.Contains(before.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_topic_is_made_and_deleted_while_records_of_another_wait_for_space()
    {
        Start();
        Fill("t");
        _disk.FullFor = 3;
        Append("t");
        _engine.Sequencer.CreateTopic("u", 1, new Dictionary<string, string>());
        _engine.Sequencer.DeleteTopic("u");
        Commit();
        Assert.Null(_engine.FindTopic("u"));
        HoldsAfterPowerCut("t", from: 0, to: Batches + 1);
        Assert.Null(_engine.FindTopic("u"));
    }

    [Fact]
    public void Files_kept_for_reuse_give_their_space_back_also_where_there_is_room_for_a_few_records()
    {
        EngineOptions options = Options with { RecycleBytesMax = 1 << 20 };
        long needed = _disk.FreeBytes(options.DataDirectory) - (BatchBytes / 2);
        Start(options);
        Fill("t");
        _engine.Sequencer.AdvanceLogStart(Partition("t"), Batches);
        Commit();
        _engine.Abandon();
        _disk.EndProcess();
        Start(options with { ReserveBytes = needed - (2 * options.JournalReplayBytesMax) });
        Assert.Contains(_disk.AllFiles, path => path.EndsWith(".free", StringComparison.Ordinal));
        Append("t");
        Assert.False(_engine.Status.AcceptsWrites);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(_disk.AllFiles, path => path.EndsWith(".free", StringComparison.Ordinal));
        Assert.True(_engine.Status.AcceptsWrites);
    }

    [Fact]
    public void A_trim_is_carried_out_though_the_checkpoint_that_its_journal_waits_for_waits_for_space()
    {
        Start(Options with { JournalReplayBytesMax = 256 << 10 });
        Fill("t");
        RunWorkers();
        AppendMany("t", 150);
        Commit();

        // Now a checkpoint has begun, and the journal is at its limit.
        AppendMany("t", 300);
        Commit();
        Append("t");
        Assert.False(_engine.Parts.Committer.RunOnce());
        _disk.FullFor = PausesMax;
        _engine.Sequencer.AdvanceLogStart(Partition("t"), Batches);
        _disk.Interleave = OnceFull(Commit);
        RunWorkers();
        Assert.True(_disk.DeletedWhileFull > 0);
        Commit();
        HoldsAfterPowerCut("t", from: Batches, to: Batches + 451);
    }

    [Fact]
    public void What_was_accepted_when_the_disk_is_suddenly_full_leaves_room_in_the_journal_for_a_trim()
    {
        EngineOptions options = Options with { JournalFileBytes = 64 << 10, JournalReplayBytesMax = 4 << 20 };
        Start(options);
        Fill("t");
        for (int filled = 0; filled < 160; filled++)
        {
            Append("t");
            Commit();
        }

        int filledTo = Batches + 160;
        _disk.FullFor = PausesMax;
        int accepted = (int)(options.JournalFileBytes / 2 / BatchBytes);
        AppendMany("t", accepted);
        _engine.Sequencer.AdvanceLogStart(Partition("t"), Batches);
        Commit();
        Assert.True(_disk.DeletedWhileFull > 0);
        HoldsAfterPowerCut("t", from: Batches, to: filledTo + accepted);
    }

    [Fact]
    public void A_stop_does_not_wait_for_room_for_a_journal_file()
    {
        Start(Options with { JournalFileBytes = 64 << 10, JournalReplayBytesMax = 4 << 20 });
        _engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        Commit();
        _disk.FullFor = PausesMax;
        _engine.Parts.Committer.StopWaiting();
        Assert.Throws<StorageException>(() =>
        {
            for (int decision = 0; decision < 100; decision++)
            {
                _engine.Sequencer.AlterTopic("t", new Dictionary<string, string> { ["retention.ms"] = "1000" }, []);
                Commit();
            }
        });
    }

    [Fact]
    public void A_stop_on_a_full_disk_is_no_failure_when_no_write_needs_the_next_journal_file()
    {
        Start();
        Fill("t");
        _disk.FullFor = PausesMax;
        _engine.Parts.Committer.StopWaiting();
        Assert.Contains(_workers.Runnable(), worker => worker.Name == "journal files");
        RunWorkers();
        Assert.Null(_engine.Progress.Failure);
    }

    // No checkpoint comes between, and the first journal file has room for all.
    private static EngineOptions Options =>
        SimulationRun.Options with { RecycleBytesMax = 0, JournalFileBytes = 512 << 10, JournalReplayBytesMax = 1 << 20 };

    private void Start() => Start(Options);

    private void Start(EngineOptions options)
    {
        _workers = new SimulatedWorkers(_disk);
        _engine = BrokerEngine.Open(options, new EngineEnvironment
        {
            Time = _time,
            Disk = _disk,
            Workers = _workers,
            StateStore = _ => new SimulatedStateStore(_store, _disk),
            RunsJournal = false,
        });
    }

    /// <summary>Does something when a call has found the disk full, once.</summary>
    private Action OnceFull(Action work) => () =>
    {
        if (!_engine.Status.AcceptsWrites)
        {
            _disk.Interleave = null;
            work();
        }
    };

    private PartitionHandle Partition(string topic) => _engine.FindTopic(topic)!.Partitions[0];

    /// <summary>Several segments of visible records.</summary>
    private void Fill(string topic)
    {
        _engine.Sequencer.CreateTopic(topic, 1, new Dictionary<string, string>());
        Commit();
        for (int batch = 0; batch < Batches; batch++)
        {
            Append(topic);
            Commit();
        }

        Assert.InRange(Partition(topic).Log.Segments.Count, 4, Batches);
    }

    /// <summary>Accepted, and no more than that.</summary>
    private void Append(string topic)
    {
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1000, OptionalBytes.Null, _chance.Bytes(BatchBytes), []);
        PooledBuffer batch = writer.Finish(Partition(topic).TopicId, 0, producerId: -1, producerEpoch: -1, baseSequence: -1);
        Assert.Equal(BrokerError.None, _engine.Append(Partition(topic), batch.Memory, batch, Durability.Durable).Error);
        batch.Release();
    }

    private void AppendMany(string topic, int count)
    {
        for (int batch = 0; batch < count; batch++)
        {
            Append(topic);
        }
    }

    private void RunWorkers()
    {
        while (_workers.Runnable() is [SimulatedWorker next, ..])
        {
            next.RunNext();
        }
    }

    private void Commit()
    {
        while (_engine.Parts.Committer.RunOnce())
        {
        }
    }

    private void Holds(string topic, long from, long to)
    {
        PartitionHandle partition = Partition(topic);
        Assert.Equal((from, to), (partition.LogStartOffset, partition.HighWatermark));
        for (long offset = from; offset < to; offset++)
        {
            ReadResult read = partition.Read(offset, 100);
            Assert.Equal((BrokerError.None, offset + 1), (read.Error, read.Slice.NextOffset));
            read.Slice.Dispose();
        }
    }

    private void HoldsAfterPowerCut(string topic, long from, long to)
    {
        _engine.Abandon();
        _disk.CutPower();
        _store.CutPower(_chance);
        Start();
        Holds(topic, from, to);
    }
}
