using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Simulation.Disk;
using Broker.Simulation.Model;
using Broker.Simulation.Schedule;
using Broker.Storage;

namespace Broker.Simulation;

/// <summary>
/// Damages a copy of the directory where everything in it was promised, and opens that copy: what is damaged is refused by
/// name, at start or by the read, and all else is served. Wrong bytes and silent loss are violations.
/// </summary>
internal sealed class DamageTrial(
    Chance chance, Trace trace, BrokerEngine sound, SimulatedDisk original, StateStoreMedium store, BrokerModel model)
{
    /// <returns>Whether the damage was met.</returns>
    public bool Run()
    {
        SimulatedDisk disk = original.Copy(chance);
        StateStoreMedium copy = store.Copy();
        if (!Damage(disk))
        {
            return false;
        }

        BrokerEngine engine;
        try
        {
            engine = BrokerEngine.Open(SimulationRun.Options, new EngineEnvironment
            {
                Time = new SimulatedTime(),
                Disk = disk,
                Workers = new SimulatedWorkers(disk),
                StateStore = _ => new SimulatedStateStore(copy, disk),
                RunsJournal = false,
            });
        }
        catch (StorageException)
        {
            trace.Add("refused", "", 0, 0);
            return true;
        }

        try
        {
            return ReadAll(engine);
        }
        finally
        {
            engine.Abandon();
        }
    }

    private bool Damage(SimulatedDisk disk)
    {
        string kind = chance.Percent(75) ? ".log" : chance.Percent(50) ? ".journal" : ".snapshot";
        List<string> files = [.. disk.AllFiles.Where(p => p.EndsWith(kind, StringComparison.Ordinal) && disk.Bytes(p).Length > 0)];
        if (files.Count == 0)
        {
            return false;
        }

        string path = chance.Pick(files);
        SimulatedBytes bytes = disk.Bytes(path);
        int how = kind == ".log" ? chance.Below(4) : 0;
        trace.Add("damage", kind, how, bytes.Length);
        if (how == 2)
        {
            disk.Remove(path);
        }
        else if (how == 3)
        {
            bytes.Shorten(chance.Below(bytes.Length));
        }
        else
        {
            bytes.Flip(chance.Below(bytes.Length), (byte)(1 << chance.Below(8)));
        }

        return true;
    }

    private bool ReadAll(BrokerEngine engine)
    {
        bool met = false;
        foreach (PartitionModel partition in model.Partitions)
        {
            PartitionHandle handle = engine.FindPartition(partition.Topic.Id, partition.Number)
                ?? throw new Violation($"After damage {partition} is lost without a word.");
            long logStart = sound.FindPartition(partition.Topic.Id, partition.Number)!.LogStartOffset;
            Checks.Expect(
                handle.HighWatermark == partition.NextOffset && handle.LogStartOffset == logStart,
                $"After damage {partition} holds {handle.LogStartOffset} to {handle.HighWatermark}, not {logStart} to {partition.NextOffset}.");
            long at = handle.LogStartOffset;
            while (at < handle.HighWatermark)
            {
                ReadResult read = handle.Read(at, 4_000);
                if (read.Error == BrokerError.DataLoss)
                {
                    met = true;
                    Checks.Expect(handle.IsQuarantined, $"{partition} is damaged at {at} and not quarantined.");
                    Checks.Expect(
                        read.NextOffset > at && (partition.Holding(read.NextOffset)?.BaseOffset ?? partition.NextOffset) == read.NextOffset,
                        $"{partition} is damaged at {at} and goes on at {read.NextOffset}, where no batch begins.");
                    at = read.NextOffset;
                    continue;
                }

                Checks.Expect(read.Error == BrokerError.None, $"After damage a read of {partition} at {at} gave {read.Error}.");
                at = Checks.Batches(read.Slice.Memory.Span, at, partition, model);
                read.Slice.Dispose();
            }
        }

        return met;
    }
}
