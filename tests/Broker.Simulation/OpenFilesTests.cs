using Broker.Engine;
using Broker.Simulation.Schedule;
using Broker.Storage;

namespace Broker.Simulation;

/// <summary>A process that may have two segments open, written to in more, while a checkpoint is to sync what it has captured.</summary>
public sealed class OpenFilesTests
{
    private const int Topics = 6, FirstBytes = 10_000, SegmentsOpenMax = 2;

    private readonly SteppedMachine _machine = new(seed: 1, isProcessLimited: true);

    public OpenFilesTests()
    {
        _machine.Start(Options);
        _machine.RunWorkers();
        foreach (string topic in Names)
        {
            Engine.Sequencer.CreateTopic(topic, 1, new Dictionary<string, string>());
        }

        _machine.Commit();
        _machine.RunWorkers();
    }

    // A checkpoint begins after the first batches of all topics, and waits for none of the later ones.
    private static EngineOptions Options => SimulationRun.Options with
    {
        JournalFileBytes = 1 << 20,
        JournalReplayBytesMax = Topics * FirstBytes,
    };

    private static string[] Names => [.. Enumerable.Range(0, Topics).Select(number => $"t{number}")];

    private BrokerEngine Engine => _machine.Engine;

    [Fact]
    public void No_more_are_open_while_a_checkpoint_runs()
    {
        BeginCheckpoint();
        foreach (string topic in Names)
        {
            _machine.Append(topic, bytes: 100);
            _machine.Commit();
            Assert.InRange(Engine.Parts.State.Files.Open.Count, 1, SegmentsOpenMax);
        }

        _machine.RunWorkers();
        _machine.CutPower();
        _machine.Start(Options);
        Assert.All(Names, topic => _machine.Holds(topic, from: 0, to: 2));
    }

    /// <summary>Recovery has synced all but the last few to close them, and the checkpoint of what it replayed has them all.</summary>
    [Fact]
    public void No_more_are_open_when_what_was_replayed_is_read_before_its_checkpoint()
    {
        BeginCheckpoint();
        _machine.Kill();
        _machine.Start(Options);
        foreach (string topic in Names)
        {
            _machine.Holds(topic, from: 0, to: 1);
            Assert.InRange(Engine.Parts.State.Files.Open.Count, 1, SegmentsOpenMax + 1);
        }
    }

    /// <summary>The checkpoint's own sync of that file succeeds: the kernel has told its failure already.</summary>
    [Fact]
    public void A_checkpoint_does_not_take_for_synced_what_failed_to_be_synced_to_be_closed()
    {
        BeginCheckpoint();

        // The first is the journal's own.
        _machine.Disk.FailSyncIn = 2;
        _machine.Append("t0", bytes: 100);
        StorageException failure = Assert.Throws<StorageException>(_machine.Commit);
        Assert.Contains(".log", failure.Message, StringComparison.Ordinal);
        _machine.RunWorkers();
        _machine.CutPower();
        _machine.Start(Options);
        Assert.All(Names.Skip(1), topic => _machine.Holds(topic, from: 0, to: 1));
    }

    /// <summary>One that no worker goes on with yet.</summary>
    private void BeginCheckpoint()
    {
        foreach (string topic in Names)
        {
            _machine.Append(topic, bytes: FirstBytes);
        }

        _machine.Commit();
        Assert.Contains(_machine.Workers.Runnable(), worker => worker.Name == "checkpoint");
    }
}
