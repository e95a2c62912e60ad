using Broker.Simulation.Schedule;
using Broker.Storage.Files;

namespace Broker.Simulation;

/// <summary>What seeds have found, each as a story of its own: these stay when the seeds mean something else.</summary>
public sealed class FoundTests
{
    private const int PowerCuts = 40;

    [Fact]
    public void Names_that_a_killed_broker_left_unsynced_survive_a_power_cut_after_the_next_start()
    {
        for (ulong seed = 1; seed <= PowerCuts; seed++)
        {
            var machine = new Machine(seed);
            machine.Start();
            machine.Append();
            machine.Kill();

            // This start frees the journal's entries: from then on the segment alone has the batch.
            machine.Start();
            machine.CutPower();
            machine.Start();
            machine.HasBatches(1);
        }
    }

    [Fact]
    public void Whichever_sync_of_a_start_fails_what_it_left_in_the_page_cache_is_not_taken_for_durable()
    {
        int syncs = 1;
        for (ulong seed = 1; seed <= PowerCuts; seed++)
        {
            for (syncs = 1; syncs < 100; syncs++)
            {
                var machine = new Machine(seed);
                machine.Start();
                machine.Append();
                machine.Kill();
                if (machine.StartWithFailedSync(syncs))
                {
                    break;
                }

                machine.Kill();
                machine.Start();
                machine.Append();
                machine.CutPower();
                machine.Start();
                machine.HasBatches(2);
            }
        }

        Assert.InRange(syncs, 10, 99);
    }

    [Fact]
    public void An_entry_larger_than_a_journal_file_waits_for_space_and_is_taken_in()
    {
        var machine = new Machine(seed: 1);
        machine.Start();
        machine.Append();
        machine.BeFull(pauses: 3);
        machine.Append(bytes: 40_000);
        machine.CutPower();
        machine.Start();
        machine.HasBatches(2);
    }

    [Fact]
    public void A_stop_on_a_full_disk_leaves_everything_to_the_journal()
    {
        var machine = new Machine(seed: 1);
        machine.Start();
        machine.Append();
        machine.BeFull(pauses: 1000);
        machine.Stop();
        machine.CutPower();
        machine.Start();
        machine.HasBatches(1);
    }

    [Fact]
    public void An_older_snapshot_that_a_crash_brought_back_goes_with_the_next_checkpoint()
    {
        var machine = new Machine(seed: 1);
        machine.Start();
        machine.Append();
        machine.Kill();
        string[] before = [.. machine.Snapshots];
        machine.BringBackSnapshot();
        machine.Start();
        machine.HasBatches(1);
        machine.Stop();
        Assert.Equal(before, machine.Snapshots);
    }

    /// <summary>A machine whose brokers have one topic with one partition.</summary>
    private sealed class Machine(ulong seed)
    {
        private const string Topic = "t";

        private readonly SteppedMachine _machine = new(seed);

        public IEnumerable<string> Snapshots => _machine.Disk.AllFiles.Where(p => p.EndsWith(".snapshot", StringComparison.Ordinal));

        public void Start() => _machine.Start(SimulationRun.Options);

        /// <returns>True when a start has fewer syncs than that.</returns>
        public bool StartWithFailedSync(int number)
        {
            _machine.Disk.FailSyncIn = number;
            try
            {
                Start();
                return _machine.Engine.Progress.Failure is null;
            }
            catch (Exception) when (_machine.Disk.SyncHasFailed)
            {
                return false;
            }
        }

        /// <summary>One batch, visible and so promised. The first makes the topic.</summary>
        public void Append(int bytes = 100)
        {
            if (_machine.Engine.FindTopic(Topic) is null)
            {
                _machine.Engine.Sequencer.CreateTopic(Topic, 1, new Dictionary<string, string>());
                _machine.Commit();
            }

            _machine.Append(Topic, bytes);
            _machine.Commit();
        }

        /// <param name="pauses">Space comes back when somebody has waited for it so often.</param>
        public void BeFull(int pauses) => _machine.Disk.FullFor = pauses;

        public void Stop()
        {
            _machine.Engine.Sequencer.Stop();
            _machine.Engine.Close();
            Assert.Null(_machine.Engine.Progress.Failure);
        }

        public void BringBackSnapshot()
        {
            using IDiskFile file = _machine.Disk.Open(SimulationRun.Root + "/state/00000000000000000000.snapshot", FileOpening.New);
            file.Write(0, _machine.Chance.Bytes(100));
        }

        public void Kill() => _machine.Kill();

        public void CutPower() => _machine.CutPower();

        public void HasBatches(int count)
        {
            _machine.Holds(Topic, from: 0, to: count);
            _machine.Engine.Abandon();
        }
    }
}
