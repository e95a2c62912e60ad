using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Engine.Entries;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Journal;

namespace Broker.Tests.Corruption;

/// <summary>One frame of an undamaged journal file.</summary>
/// <param name="Group">Where replay begins after a checkpoint right before the frame's group.</param>
internal readonly record struct SampleFrame(int Position, int SizeBytes, byte Kind, long Lsn, JournalPosition Group)
{
    public int End => Position + SizeBytes;
}

/// <summary>One file of an undamaged journal.</summary>
/// <param name="Before">The end of the file before it: from there replay goes on into this one.</param>
internal sealed record SampleFile(string Path, long Number, JournalPosition Before, IReadOnlyList<SampleFrame> Frames, int End);

/// <summary>The journal of a data directory, as the engine wrote it: what must come out of every replay, byte for byte.</summary>
internal sealed class JournalSample
{
    private readonly Dictionary<long, byte[]> _bodies = [];
    private readonly string _directory;
    private readonly List<SampleFile> _files = [];

    public JournalSample(string dataDirectory)
    {
        _directory = Path.Combine(dataDirectory, "journal");
        MemoryDisk disk = NewDisk();
        long before = 0;
        foreach (string path in disk.ListFiles(_directory))
        {
            // Others were made ready and not written to.
            long number = JournalFormat.NumberOf(path);
            if (ReadInt64LittleEndian(disk[path].AsSpan(JournalFormat.FileNumberAt)) == number)
            {
                _files.Add(Walk(disk[path], path, number, before));
                before = number;
            }
        }

        Assert.InRange(_files.Count, 4, 20);
    }

    /// <summary>All but the first, whose beginning the checkpoint has made needless.</summary>
    public IReadOnlyList<SampleFile> Files => [.. _files.Skip(1)];

    /// <summary>A full one with at least one behind it: every frame in it is vouched for.</summary>
    public SampleFile Full => _files[1];

    public SampleFile Last => _files[^1];

    public MemoryDisk NewDisk() => MemoryDisk.Load(_directory);

    /// <summary>The full file alone, with the first group of the file behind it, which vouches for all of it.</summary>
    /// <param name="lastLsn">The last entry in it.</param>
    public MemoryDisk NewSmallDisk(out long lastLsn)
    {
        MemoryDisk all = NewDisk();
        SampleFile next = _files[2];
        SampleFrame[] group = [.. next.Frames.TakeWhile(f => f.Group == next.Frames[0].Group)];
        lastLsn = group[^1].Lsn;
        var disk = new MemoryDisk();
        disk[_files[0].Path] = all[_files[0].Path];
        disk[Full.Path] = all[Full.Path];
        disk[next.Path] = all[next.Path][..(int)JournalFormat.AlignBlock(group[^1].End)];
        return disk;
    }

    /// <summary>Replays and compares every entry with what was written.</summary>
    /// <returns>Same as far as it goes, the last entry, and where it was cut off.</returns>
    public (Outcome Outcome, long End, string? Torn) Replay(MemoryDisk disk, JournalPosition from)
    {
        using var replay = new JournalReplay(disk, _directory, workers: null);
        var comparison = new Comparison(_bodies, from.Lsn);
        try
        {
            ReplayResult result = replay.Read(from, comparison);
            bool isRight = !comparison.IsWrong && comparison.Last == result.End.Lsn;
            Outcome outcome = !isRight ? Outcome.WrongBytes : comparison.HasDamaged ? Outcome.NotServed : Outcome.Same;
            return (outcome, result.End.Lsn, result.TornTail);
        }
        catch (CorruptLogException)
        {
            return (comparison.IsWrong ? Outcome.WrongBytes : Outcome.Refused, 0, null);
        }
        catch (Exception e)
        {
            return (Outcome.WrongException, 0, e.ToString());
        }
    }

    private SampleFile Walk(byte[] file, string path, long number, long before)
    {
        var frames = new List<SampleFrame>();
        Assert.True(JournalFrame.TryOpen(file.AsSpan(JournalFormat.BlockBytes), number, out JournalFrame frame));
        long beforeLsn = frame.Kind == JournalFormat.MarkKind ? frame.Lsn : frame.Lsn - 1;
        var at = new JournalPosition(number, JournalFormat.BlockBytes, frame.PreviousCrc, beforeLsn);
        JournalPosition first = at, group = at;
        while (at.Position < file.Length && JournalFrame.TryOpen(file.AsSpan((int)at.Position), number, out frame)
            && frame.PreviousCrc == at.FrameCrc)
        {
            frames.Add(new SampleFrame((int)at.Position, frame.SizeBytes, frame.Kind, frame.Lsn, group));
            if (frame.Kind != JournalFormat.MarkKind)
            {
                _bodies[frame.Lsn] = frame.Body.ToArray();
            }

            long next = at.Position + JournalFormat.AlignFrame(frame.SizeBytes);
            at = new JournalPosition(number, frame.IsGroupLast ? JournalFormat.AlignBlock(next) : next, frame.Crc, frame.Lsn);
            group = frame.IsGroupLast ? at : group;
        }

        // Its own frames are behind that place, so that replay goes on to the next file.
        return new SampleFile(path, number, first with { FileNumber = before, Position = SampleDirectory.Options("/").JournalFileBytes }, frames, (int)at.Position);
    }

    private sealed class Comparison(Dictionary<long, byte[]> bodies, long from) : IJournalVisitor
    {
        public bool IsWrong { get; private set; }

        /// <summary>An entry came of which a part is damaged, and was called so.</summary>
        public bool HasDamaged { get; private set; }

        public long Last { get; private set; } = from;

        public void CheckVersion(byte kind, ReadOnlySpan<byte> body, string path)
        {
            if ((EntryKind)kind == EntryKind.Append)
            {
                AppendHead.CheckVersion(body, path);
            }
        }

        public bool IsIntact(byte kind, ReadOnlySpan<byte> body) => (EntryKind)kind != EntryKind.Append || AppendHead.IsIntact(body);

        public void Replay(byte kind, long lsn, ReadOnlySpan<byte> body)
        {
            IsWrong |= lsn != Last + 1 || !bodies.TryGetValue(lsn, out byte[]? written) || !body.SequenceEqual(written);
            Last = lsn;
        }

        // Right in all that says where it belongs; that its records are damaged is known.
        public void ReplayDamaged(byte kind, long lsn, ReadOnlySpan<byte> body)
        {
            const int KnownBytes = AppendHead.SizeBytes + StoredBatch.OverheadBytes;
            IsWrong |= lsn != Last + 1 || !bodies.TryGetValue(lsn, out byte[]? written)
                || !body[..KnownBytes].SequenceEqual(written.AsSpan(0, KnownBytes));
            HasDamaged = true;
            Last = lsn;
        }
    }
}
