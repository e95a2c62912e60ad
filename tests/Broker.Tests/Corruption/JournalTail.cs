using Broker.Storage.Journal;

namespace Broker.Tests.Corruption;

/// <summary>Every end that a cut-off write can leave in the last groups: at each byte, four kinds of what follows.</summary>
internal static class JournalTail
{
    private const int Groups = 3;

    // Magic and number of the entry: what a torn header must show at least to be told from bytes of an earlier use.
    private const int TellingHeaderBytes = JournalFormat.FrameDurableUpToAt;

    private enum Suffix
    {
        Nothing,
        Zeros,
        Garbage,

        /// <summary>What the file held before it was recycled: intact frames of another file.</summary>
        Stale,
    }

    /// <summary>A journal whose last group is the last write: no mark after it.</summary>
    public static MemoryDisk WithoutMarks(JournalSample sample, out IReadOnlyList<SampleFrame> frames)
    {
        MemoryDisk disk = sample.NewDisk();
        int count = sample.Last.Frames.Count;
        while (sample.Last.Frames[count - 1].Kind == JournalFormat.MarkKind)
        {
            count--;
        }

        frames = [.. sample.Last.Frames.Take(count)];
        disk[sample.Last.Path].AsSpan((int)JournalFormat.AlignBlock(frames[^1].End)).Clear();
        return disk;
    }

    /// <param name="step">1 for every byte.</param>
    public static Tally Cut(JournalSample sample, long seed, int step)
    {
        var tally = new Tally(step == 1 ? "tail, every cut" : "tail, cuts");
        MemoryDisk disk = WithoutMarks(sample, out IReadOnlyList<SampleFrame> frames);
        byte[] whole = disk[sample.Last.Path];
        byte[] garbage = new byte[whole.Length];
        new Random((int)seed).NextBytes(garbage);
        byte[] stale = sample.NewDisk()[sample.Full.Path];
        JournalPosition from = frames.Select(f => f.Group).Distinct().TakeLast(Groups).First();
        SampleFrame[] inGroups = [.. frames.Where(f => f.Position >= from.Position)];
        for (int cut = (int)from.Position; cut <= frames[^1].End; cut += step)
        {
            foreach (Suffix suffix in Enum.GetValues<Suffix>())
            {
                byte[] damaged = suffix == Suffix.Nothing ? whole[..cut] : [.. whole];
                (suffix switch { Suffix.Garbage => garbage, Suffix.Stale => stale, _ => new byte[whole.Length] })
                    .AsSpan(cut, damaged.Length - cut).CopyTo(damaged.AsSpan(cut));
                disk[sample.Last.Path] = damaged;

                // Behind its end, a file reads as zeros up to the next block: an entry that ends in zeros may lose them.
                Array.Resize(ref damaged, Math.Min(whole.Length, Math.Max(damaged.Length, (int)JournalFormat.AlignBlock(cut))));
                int same = cut + whole.AsSpan(cut, damaged.Length - cut).CommonPrefixLength(damaged.AsSpan(cut));
                tally.Count(Judge(sample, disk, inGroups, from, same, out Outcome expected), expected, () => $"{suffix} from byte {cut}");
            }
        }

        return tally;
    }

    private static Outcome Judge(
        JournalSample sample, MemoryDisk disk, SampleFrame[] frames, JournalPosition from, int same, out Outcome expected)
    {
        int left = frames.TakeWhile(f => f.End <= same).Count();
        long lastLsn = left == 0 ? from.Lsn : frames[left - 1].Lsn;
        bool isWhole = left == frames.Length;
        bool isBetweenGroups = isWhole || left == 0 || frames[left].Group != frames[left - 1].Group;
        int begun = isWhole ? 0 : same - frames[left].Position;
        expected = isWhole ? Outcome.Same
            : !isBetweenGroups || begun >= TellingHeaderBytes ? Outcome.CutAndReported
            : Outcome.CutCleanly | Outcome.CutAndReported;

        (Outcome outcome, long end, string? torn) = sample.Replay(disk, from);
        return outcome != Outcome.Same ? outcome
            : end != lastLsn ? Outcome.SilentLoss
            : torn is not null ? Outcome.CutAndReported
            : isWhole ? Outcome.Same : Outcome.CutCleanly;
    }
}
