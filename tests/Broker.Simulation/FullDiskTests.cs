using Broker.Engine;
using Broker.Records;
using Broker.Simulation.Disk;
using Broker.Simulation.Schedule;
using Broker.Storage;

namespace Broker.Simulation;

/// <summary>Records that were accepted wait for space in their segments. What gives it back comes behind them in the journal.</summary>
public sealed class FullDiskTests
{
    private const int BatchBytes = 1000, Batches = 40, PausesMax = 1000;

    private readonly SteppedMachine _machine = new(seed: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(Batches - 1)]
    [InlineData(Batches)]
    public void A_trim_gives_space_back_to_the_records_of_its_own_partition_that_wait_for_it(int keptAtMost)
    {
        _machine.Start(Options);
        Fill("t");
        Disk.FullFor = PausesMax;
        Append("t");
        Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches + 1 - keptAtMost);
        Append("t");
        _machine.Commit();
        bool isFreeing = keptAtMost < Batches - 10;
        Assert.Equal(isFreeing, Disk.DeletedWhileFull > 0);
        _machine.Holds("t", from: Batches + 1 - keptAtMost, to: Batches + 2);
        HoldsAfterPowerCut("t", from: Batches + 1 - keptAtMost, to: Batches + 2);
    }

    [Fact]
    public void A_trim_to_the_end_leaves_no_file_behind_though_its_partition_waited_for_space()
    {
        _machine.Start(Options);
        Fill("t");
        Fill("u");
        Disk.FullFor = PausesMax;
        Append("u");
        Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches);
        Append("t");
        _machine.Commit();
        Assert.True(Disk.DeletedWhileFull > 0);
        Assert.Single(_machine.Partition("t").Log.Segments);
        HoldsAfterPowerCut("t", from: Batches, to: Batches + 1);
        _machine.Holds("u", from: 0, to: Batches + 1);
    }

    [Fact]
    public void A_topic_is_deleted_and_made_again_while_its_own_records_wait_for_space()
    {
        _machine.Start(Options);
        Fill("t");
        TopicId before = _machine.Partition("t").TopicId;
        Disk.FullFor = PausesMax;
        Append("t");
        Engine.Sequencer.AlterTopic("t", new Dictionary<string, string> { ["retention.ms"] = "1000" }, []);
        Engine.Sequencer.DeleteTopic("t");
        Engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        _machine.Commit();
        Assert.True(Disk.DeletedWhileFull > 0);
        Assert.NotEqual(before, _machine.Partition("t").TopicId);
        Engine.Parts.DiskGuard.Refresh();
        Append("t");
        _machine.Commit();
        HoldsAfterPowerCut("t", from: 0, to: 1);
        Assert.DoesNotContain(Disk.AllFiles, path => path.Contains(before.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_topic_is_made_and_deleted_while_records_of_another_wait_for_space()
    {
        _machine.Start(Options);
        Fill("t");
        Disk.FullFor = 3;
        Append("t");
        Engine.Sequencer.CreateTopic("u", 1, new Dictionary<string, string>());
        Engine.Sequencer.DeleteTopic("u");
        _machine.Commit();
        Assert.Null(Engine.FindTopic("u"));
        HoldsAfterPowerCut("t", from: 0, to: Batches + 1);
        Assert.Null(Engine.FindTopic("u"));
    }

    [Fact]
    public void Files_kept_for_reuse_give_their_space_back_also_where_there_is_room_for_a_few_records()
    {
        EngineOptions options = Options with { RecycleBytesMax = 1 << 20 };
        long needed = Disk.FreeBytes(options.DataDirectory) - (BatchBytes / 2);
        _machine.Start(options);
        Fill("t");
        Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches);
        _machine.Commit();
        _machine.Kill();
        _machine.Start(options with { ReserveBytes = needed - (2 * options.JournalReplayBytesMax) });
        Assert.Contains(Disk.AllFiles, path => path.EndsWith(".free", StringComparison.Ordinal));
        Append("t");
        Assert.False(Engine.Status.AcceptsWrites);
        _machine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(Disk.AllFiles, path => path.EndsWith(".free", StringComparison.Ordinal));
        Assert.True(Engine.Status.AcceptsWrites);
    }

    [Fact]
    public void A_trim_is_carried_out_though_the_checkpoint_that_its_journal_waits_for_waits_for_space()
    {
        _machine.Start(Options with { JournalReplayBytesMax = 256 << 10 });
        Fill("t");
        _machine.RunWorkers();
        Append("t", 150);
        _machine.Commit();

        // Now a checkpoint has begun, and the journal is at its limit.
        Append("t", 300);
        _machine.Commit();
        Append("t");
        Assert.False(Engine.Parts.Committer.RunOnce());
        Disk.FullFor = PausesMax;
        Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches);
        Disk.Interleave = OnceFull(_machine.Commit);
        _machine.RunWorkers();
        Assert.True(Disk.DeletedWhileFull > 0);
        _machine.Commit();
        HoldsAfterPowerCut("t", from: Batches, to: Batches + 451);
    }

    [Fact]
    public void What_was_accepted_when_the_disk_is_suddenly_full_leaves_room_in_the_journal_for_a_trim()
    {
        EngineOptions options = Options with { JournalFileBytes = 64 << 10, JournalReplayBytesMax = 4 << 20 };
        _machine.Start(options);
        Fill("t");
        for (int filled = 0; filled < 160; filled++)
        {
            Append("t");
            _machine.Commit();
        }

        int filledTo = Batches + 160;
        Disk.FullFor = PausesMax;
        int accepted = (int)(options.JournalFileBytes / 2 / BatchBytes);
        Append("t", accepted);
        Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches);
        _machine.Commit();
        Assert.True(Disk.DeletedWhileFull > 0);
        HoldsAfterPowerCut("t", from: Batches, to: filledTo + accepted);
    }

    /// <summary>It would find out about the full disk only at its end; what gives space back comes before that.</summary>
    [Fact]
    public void A_trim_does_not_wait_for_the_journal_file_that_is_being_made_while_records_wait_for_space()
    {
        EngineOptions options = Options with { JournalFileBytes = 64 << 10, JournalReplayBytesMax = 4 << 20 };
        _machine.Start(options);
        Fill("t");
        _machine.RunWorkers();
        int count = Batches;
        while (Engine.Parts.JournalFiles.HasReadyFile(sizeBytesMin: 0))
        {
            Append("t");
            _machine.Commit();
            count++;
        }

        int accepted = (int)(options.JournalFileBytes / 2 / BatchBytes);
        bool isInTheMiddle = false;
        Disk.Interleave = () =>
        {
            Disk.Interleave = null;
            isInTheMiddle = Workers.IsBusy("journal files");
            Disk.FullFor = PausesMax;
            for (int group = 0; group < 2; group++)
            {
                Append("t", accepted);
                Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches);
            }

            _machine.Commit();
        };
        _machine.RunWorkers();
        Assert.True(isInTheMiddle && Disk.DeletedWhileFull > 0);
        HoldsAfterPowerCut("t", from: Batches, to: count + (2 * accepted));
    }

    [Fact]
    public void A_stop_does_not_wait_for_room_for_a_journal_file()
    {
        _machine.Start(Options with { JournalFileBytes = 64 << 10, JournalReplayBytesMax = 4 << 20 });
        Engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
        _machine.Commit();
        Disk.FullFor = PausesMax;
        Engine.Parts.Committer.StopWaiting();
        Assert.Throws<StorageException>(() =>
        {
            for (int decision = 0; decision < 100; decision++)
            {
                Engine.Sequencer.AlterTopic("t", new Dictionary<string, string> { ["retention.ms"] = "1000" }, []);
                _machine.Commit();
            }
        });
    }

    [Fact]
    public void A_stop_on_a_full_disk_is_no_failure_when_no_write_needs_the_next_journal_file()
    {
        _machine.Start(Options);
        Fill("t");
        Disk.FullFor = PausesMax;
        Engine.Parts.Committer.StopWaiting();
        Assert.Contains(_machine.Workers.Runnable(), worker => worker.Name == "journal files");
        _machine.RunWorkers();
        Assert.Null(Engine.Progress.Failure);
    }

    [Fact]
    public void A_start_that_finds_no_room_for_what_the_journal_holds_says_so_and_loses_nothing()
    {
        _machine.Start(Options);
        Fill("t");
        _machine.CutPower();
        Disk.FullFor = PausesMax;
        StorageException refused = Assert.Throws<StorageException>(() => _machine.Start(Options));
        Assert.StartsWith("The disk is full: there is no room to write again what the journal holds", refused.Message, StringComparison.Ordinal);
        Disk.EndProcess();
        Disk.FullFor = 0;
        _machine.Start(Options);
        _machine.Holds("t", from: 0, to: Batches);
    }

    [Fact]
    public void A_start_on_a_full_disk_gives_up_the_files_that_are_kept_for_reuse()
    {
        EngineOptions options = Options with { RecycleBytesMax = 1 << 20 };
        _machine.Start(options);
        Fill("t");
        Fill("u");
        Engine.Sequencer.AdvanceLogStart(_machine.Partition("t"), Batches);
        _machine.Commit();
        Engine.Close();
        Disk.EndProcess();
        _machine.Start(options);
        Append("u");
        _machine.Commit();
        Assert.Contains(Disk.AllFiles, path => path.EndsWith(".free", StringComparison.Ordinal));
        _machine.CutPower();
        Disk.FullFor = PausesMax;
        _machine.Start(options);
        Assert.True(Disk.DeletedWhileFull > 0);
        _machine.Holds("u", from: 0, to: Batches + 1);
    }

    [Fact]
    public void Writes_that_are_refused_and_taken_again_are_told_of_once_each()
    {
        _machine.Start(Options);
        Fill("t");
        Engine.Parts.DiskGuard.NoteFull();
        Disk.FullFor = PausesMax;
        _machine.Time.Advance(TimeSpan.FromSeconds(1));
        _machine.Time.Advance(TimeSpan.FromSeconds(1));
        string refused = Assert.Single(Engine.Notes.All, note => note.StartsWith("Writes are", StringComparison.Ordinal));
        Assert.StartsWith("Writes are refused: 0 MB are free on the disk", refused, StringComparison.Ordinal);
        Disk.FullFor = 0;
        _machine.Time.Advance(TimeSpan.FromSeconds(1));
        _machine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["Writes are refused", "Writes are taken again"], Engine.Notes.All.Select(note => note.Split(':')[0]).Where(n => n.StartsWith("Writes", StringComparison.Ordinal)));
    }

    // No checkpoint comes between, and the first journal file has room for all.
    private static EngineOptions Options =>
        SimulationRun.Options with { RecycleBytesMax = 0, JournalFileBytes = 512 << 10, JournalReplayBytesMax = 1 << 20 };

    private BrokerEngine Engine => _machine.Engine;

    private SimulatedDisk Disk => _machine.Disk;

    private SimulatedWorkers Workers => _machine.Workers;

    /// <summary>Does something when a call has found the disk full, once.</summary>
    private Action OnceFull(Action work) => () =>
    {
        if (!Engine.Status.AcceptsWrites)
        {
            Disk.Interleave = null;
            work();
        }
    };

    /// <summary>Several segments of visible records.</summary>
    private void Fill(string topic)
    {
        Engine.Sequencer.CreateTopic(topic, 1, new Dictionary<string, string>());
        _machine.Commit();
        for (int batch = 0; batch < Batches; batch++)
        {
            Append(topic);
            _machine.Commit();
        }

        Assert.InRange(_machine.Partition(topic).Log.Segments.Count, 4, Batches);
    }

    private void Append(string topic, int count = 1) => _machine.Append(topic, BatchBytes, count);

    private void HoldsAfterPowerCut(string topic, long from, long to)
    {
        _machine.CutPower();
        _machine.Start(Options);
        _machine.Holds(topic, from, to);
    }
}
