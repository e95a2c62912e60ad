using Broker.Client.Testing.Disk;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Disk;

namespace Broker.Simulation.Schedule;

/// <summary>A disk, and one broker after the other on it, whose journal and workers run when a test says so.</summary>
/// <param name="isProcessLimited">The process may have next to no files open, and every other map fails.</param>
internal sealed class SteppedMachine(ulong seed, bool isProcessLimited = false)
{
    private readonly StateStoreMedium _store = new();

    public Chance Chance { get; } = new(seed);

    public SimulatedDisk Disk { get; } = new(new Chance(seed), new Trace(null)) { IsProcessLimited = isProcessLimited };

    public SimulatedTime Time { get; } = new();

    public SimulatedWorkers Workers { get; private set; } = null!;

    public BrokerEngine Engine { get; private set; } = null!;

    public void Start(EngineOptions options)
    {
        Workers = new SimulatedWorkers(Disk);
        Engine = BrokerEngine.Open(options, new EngineEnvironment
        {
            Time = Time,
            Disk = Disk,
            Workers = Workers,
            StateStore = _ => new SimulatedStateStore(_store, Disk),
            RunsJournal = false,
        });
    }

    public void Kill()
    {
        Engine.Abandon();
        Disk.EndProcess();
    }

    public void CutPower()
    {
        Engine.Abandon();
        Disk.CutPower();
        _store.CutPower(Chance);
    }

    public PartitionHandle Partition(string topic) => Engine.FindTopic(topic)!.Partitions[0];

    /// <summary>Batches of one record; accepted, and no more than that.</summary>
    public void Append(string topic, int bytes, int count = 1)
    {
        PartitionHandle partition = Partition(topic);
        for (int i = 0; i < count; i++)
        {
            using var writer = new BatchWriter(Codec.None);
            writer.Append(1000, OptionalBytes.Null, Chance.Bytes(bytes), []);
            PooledBuffer batch = writer.Finish(partition.TopicId, 0, producerId: -1, producerEpoch: -1, baseSequence: -1);
            Assert.Equal(BrokerError.None, Engine.Append(partition, batch.Memory, batch, Durability.Durable).Error);
            batch.Release();
        }
    }

    /// <summary>Runs the journal until it has nothing to write, or may not.</summary>
    public void Commit()
    {
        while (Engine.Parts.Committer.RunOnce())
        {
        }
    }

    public void RunWorkers()
    {
        while (Workers.Runnable() is [SimulatedWorker next, ..])
        {
            next.RunNext();
        }
    }

    /// <summary>That a partition holds exactly these offsets, a record each, and gives each of them.</summary>
    public void Holds(string topic, long from, long to)
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
}
