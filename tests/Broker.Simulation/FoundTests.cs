using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Disk;
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

    /// <summary>A disk, and one broker after the other on it.</summary>
    private sealed class Machine(ulong seed)
    {
        private readonly Chance _chance = new(seed);
        private readonly SimulatedDisk _disk = new(new Chance(seed), new Trace(null));
        private readonly StateStoreMedium _store = new();
        private BrokerEngine? _engine;

        public IEnumerable<string> Snapshots => _disk.AllFiles.Where(p => p.EndsWith(".snapshot", StringComparison.Ordinal));

        private PartitionHandle Partition => _engine!.FindTopic("t")!.Partitions[0];

        public void Start()
        {
            _engine = BrokerEngine.Open(SimulationRun.Options, new EngineEnvironment
            {
                Time = new SimulatedTime(),
                Disk = _disk,
                Workers = new SimulatedWorkers(_disk),
                StateStore = _ => new SimulatedStateStore(_store, _disk),
                RunsJournal = false,
            });
        }

        /// <returns>True when a start has fewer syncs than that.</returns>
        public bool StartWithFailedSync(int number)
        {
            _disk.FailSyncIn = number;
            try
            {
                Start();
                return _engine!.Progress.Failure is null;
            }
            catch (Exception) when (_disk.SyncHasFailed)
            {
                return false;
            }
        }

        /// <summary>One batch, visible and so promised. The first makes the topic.</summary>
        public void Append(int bytes = 100)
        {
            if (_engine!.FindTopic("t") is null)
            {
                _engine.Sequencer.CreateTopic("t", 1, new Dictionary<string, string>());
                _engine.Parts.Committer.RunOnce();
            }

            using var writer = new BatchWriter(Codec.None);
            writer.Append(1000, OptionalBytes.Null, _chance.Bytes(bytes), []);
            PooledBuffer batch = writer.Finish(Partition.TopicId, 0, producerId: -1, producerEpoch: -1, baseSequence: -1);
            Assert.Equal(BrokerError.None, _engine.Append(Partition, batch.Memory, batch, Durability.Durable).Error);
            batch.Release();
            _engine.Parts.Committer.RunOnce();
        }

        /// <param name="pauses">Space comes back when somebody has waited for it so often.</param>
        public void BeFull(int pauses) => _disk.FullFor = pauses;

        public void Stop()
        {
            _engine!.Sequencer.Stop();
            _engine.Close();
            Assert.Null(_engine.Progress.Failure);
        }

        public void BringBackSnapshot()
        {
            using IDiskFile file = _disk.Open(SimulationRun.Root + "/state/00000000000000000000.snapshot", FileOpening.New);
            file.Write(0, _chance.Bytes(100));
        }

        public void Kill()
        {
            _engine!.Abandon();
            _disk.EndProcess();
        }

        public void CutPower()
        {
            _engine!.Abandon();
            _disk.CutPower();
            _store.CutPower(_chance);
        }

        public void HasBatches(int count)
        {
            Assert.Equal(count, Partition.HighWatermark);
            for (int offset = 0; offset < count; offset++)
            {
                ReadResult read = Partition.Read(offset, 100);
                Assert.Equal((BrokerError.None, offset + 1), (read.Error, read.Slice.NextOffset));
                read.Slice.Dispose();
            }

            _engine!.Abandon();
        }
    }
}
