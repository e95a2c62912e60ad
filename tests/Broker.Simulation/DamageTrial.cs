using Broker.Client.Testing.Disk;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
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
    private const string Log = ".log", Journal = ".journal", Index = ".index", Snapshot = ".snapshot";

    // Older ones were freed by a checkpoint: nobody reads them.
    private const int JournalFilesDamaged = 4;

    private readonly SimulatedDisk _disk = original.Copy(chance);
    private readonly StateStoreMedium _store = store.Copy();

    /// <returns>Whether the damage was met.</returns>
    public bool Run()
    {
        if (chance.Percent(40))
        {
            // Then the journal alone has what the segments did not sync.
            _disk.CutPower();
            _store.CutPower(chance);
        }

        _disk.EndProcess();
        _disk.SyncFileSystem("/");
        string kind = chance.Pick([Log, Log, Log, Log, Log, Journal, Journal, Journal, Index, Index, Snapshot]);
        if (!Damage(kind))
        {
            return false;
        }

        if (Open() is not { } engine)
        {
            Checks.Expect(kind is Journal or Snapshot, $"A damaged {kind} keeps the broker from starting.");
            return true;
        }

        try
        {
            bool met = ReadAll(engine);
            Checks.Expect(!met || kind != Index, "A damaged index was taken for damaged records.");
            return met;
        }
        finally
        {
            engine.Abandon();
        }
    }

    /// <returns>Null when it refuses to start.</returns>
    private BrokerEngine? Open()
    {
        try
        {
            return BrokerEngine.Open(SimulationRun.Options, new EngineEnvironment
            {
                Time = new SimulatedTime(),
                Disk = _disk,
                Workers = new SimulatedWorkers(_disk),
                StateStore = _ => new SimulatedStateStore(_store, _disk),
                RunsJournal = false,
            });
        }
        catch (StorageException)
        {
            trace.Add("refused", "", 0, 0);
            return null;
        }
    }

    private bool Damage(string kind)
    {
        List<string> files = [.. _disk.AllFiles.Where(p => p.EndsWith(kind, StringComparison.Ordinal) && _disk.Bytes(p).Length > 0)];
        if (kind == Journal)
        {
            files = [.. files.Where(p => SimulatedDisk.JournalNumber(p) <= _disk.JournalNumberUsed).TakeLast(JournalFilesDamaged)];
        }

        if (files.Count == 0)
        {
            return false;
        }

        string path = chance.Pick(files);
        MemoryBytes bytes = _disk.Bytes(path);
        int how = kind == Log ? chance.Below(4) : 0;
        trace.Add("damage", kind, how, bytes.Length);
        switch (how)
        {
            case 1:
                bytes.Flip(InPrefix(bytes), RandomBit());
                break;
            case 2:
                _disk.Remove(path);
                break;
            case 3:
                bytes.Shorten(chance.Below(bytes.Length));
                break;
            default:
                bytes.Flip(InContent(bytes), RandomBit());
                break;
        }

        return true;
    }

    private byte RandomBit() => (byte)(1 << chance.Below(8));

    /// <summary>A byte that is not zero, if one is found: most of a journal file is padding.</summary>
    private int InContent(MemoryBytes bytes)
    {
        ReadOnlySpan<byte> content = bytes.Cached[..bytes.Length];
        int position = chance.Below(bytes.Length);
        for (int i = 0; i < 30 && content[position] == 0; i++)
        {
            position = chance.Below(bytes.Length);
        }

        return position;
    }

    /// <summary>A byte of what the broker wrote before a batch.</summary>
    private int InPrefix(MemoryBytes bytes)
    {
        ReadOnlySpan<byte> content = bytes.Cached[..bytes.Length];
        int position = 0;
        for (int batches = chance.Below(20); batches > 0; batches--)
        {
            int size = StoredBatch.OverheadBytes;
            if (position + (2 * size) <= content.Length)
            {
                size = Math.Max(size, new StoredBatchView(content[position..]).SizeBytes);
            }

            if (position > content.Length - size - StoredBatch.OverheadBytes)
            {
                break;
            }

            position += size;
        }

        return Math.Min(position + chance.Below(StoredBatchLayout.BatchCrcAt), content.Length - 1);
    }

    /// <returns>Whether something could not be read.</returns>
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
            bool damaged = Read(handle, partition, logStart);
            Checks.Expect(damaged == handle.IsQuarantined, $"{partition} is {(damaged ? "damaged and not" : "sound and")} quarantined.");
            if (!damaged && handle.HighWatermark > logStart)
            {
                Find(handle, partition);
            }

            met |= damaged;
        }

        return met;
    }

    /// <summary>Reads on to the end, over what is damaged.</summary>
    private bool Read(PartitionHandle handle, PartitionModel partition, long at)
    {
        bool damaged = false;
        while (at < handle.HighWatermark)
        {
            ReadResult read = handle.Read(at, 4_000);
            if (read.Error == BrokerError.DataLoss)
            {
                damaged = true;
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

        return damaged;
    }

    /// <summary>Asks for places in the middle, which the index knows.</summary>
    private void Find(PartitionHandle handle, PartitionModel partition)
    {
        for (int i = 0; i < 3; i++)
        {
            long at = handle.LogStartOffset + chance.Below((int)(handle.HighWatermark - handle.LogStartOffset));
            ReadResult read = handle.Read(at, 1);
            Checks.Expect(read.Error == BrokerError.None, $"A read of {partition} at {at} gave {read.Error}.");
            Checks.Batches(read.Slice.Memory.Span, at, partition, model);
            read.Slice.Dispose();
            long wanted = partition.Holding(at)!.Timestamps[0];
            long offset = handle.OffsetForTimestamp(wanted);
            long expected = partition.OffsetOfTime(wanted, handle.LogStartOffset);
            Checks.Expect(offset == expected, $"{partition}: the first record from {wanted} on is at {expected}, not at {offset}.");
        }
    }
}
