using Broker.Storage.Journal;

namespace Broker.Tests.Corruption;

/// <summary>
/// Single bits of a journal file, flipped one at a time, each followed by a replay from right before the group it is in, as
/// after a checkpoint there. A flip in the file's header is followed by a replay from the end of the file before.
/// </summary>
internal static class JournalBits
{
    /// <param name="step">1 for every bit.</param>
    /// <param name="workers">Threads, each with a journal of its own in memory.</param>
    public static Tally BelowTheMark(JournalSample sample, int step, int workers)
    {
        var tally = new Tally(step == 1 ? "journal file, every bit" : "journal file, bits");
        long bits = sample.NewDisk()[sample.Full.Path].Length * 8L;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
        {
            long from = bits * worker / workers / step * step;
            long to = worker == workers - 1 ? bits : bits * (worker + 1) / workers / step * step;
            MemoryDisk disk = sample.NewSmallDisk(out long lastLsn);
            FlipEach(sample, disk, sample.Full, from, to, step, lastLsn, tally, Expectations.FrameBelowMark);
        });
        return tally;
    }

    /// <summary>The last group without the mark behind it: nothing vouches for it.</summary>
    public static Tally AfterTheMark(JournalSample sample, int step)
    {
        var tally = new Tally(step == 1 ? "last group, every bit" : "last group, bits");
        MemoryDisk disk = JournalTail.WithoutMarks(sample, out IReadOnlyList<SampleFrame> frames);
        SampleFrame last = frames[^1];
        long from = last.Group.Position * 8L;
        FlipEach(sample, disk, sample.Last with { Frames = frames }, from, last.End * 8L, step, last.Lsn, tally, Expectations.FrameAfterMark);
        return tally;
    }

    private static void FlipEach(
        JournalSample sample, MemoryDisk disk, SampleFile file, long from, long to, int step, long lastLsn, Tally tally, Outcome inFrames)
    {
        byte[] bytes = disk[file.Path];
        var window = new JournalWindow(sample, file, bytes);
        int next = 0;
        for (long bit = from; bit < to; bit += step)
        {
            int position = (int)(bit / 8);
            byte mask = (byte)(1 << (int)(bit % 8));
            while (next < file.Frames.Count && file.Frames[next].End <= position)
            {
                next++;
            }

            bool isInFrame = next < file.Frames.Count && file.Frames[next].Position <= position;
            SampleFrame near = file.Frames[isInFrame || next == 0 ? next : next - 1];
            Outcome outcome;
            long end, last = lastLsn;
            string? torn;
            if (position >= file.Frames[0].Position && window.MoveTo(near.Group))
            {
                (outcome, end, torn) = window.Replay(position, mask);
                last = window.LastLsn;
            }
            else
            {
                bytes[position] ^= mask;
                (outcome, end, torn) = sample.Replay(disk, position < file.Frames[0].Position ? file.Before : near.Group);
                bytes[position] ^= mask;
            }

            if (outcome is Outcome.Same or Outcome.NotServed && end != last)
            {
                bool mayBeCut = inFrames.HasFlag(Outcome.CutAndReported) && isInFrame && end == near.Lsn - 1;
                outcome = !mayBeCut ? Outcome.SilentLoss : torn is null ? Outcome.CutCleanly : Outcome.CutAndReported;
            }

            // A mark holds nothing: without it, and with only marks behind it, nothing is missing.
            Outcome expected = !isInFrame ? Outcome.Same : near.Kind == JournalFormat.MarkKind ? inFrames | Outcome.Same : inFrames;
            tally.Count(outcome, expected, () => $"bit {bit % 8} of byte {position} of {file.Path}, frame at {near.Position}: {torn}");
        }
    }
}
