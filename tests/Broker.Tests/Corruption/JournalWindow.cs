using Broker.Storage.Journal;

namespace Broker.Tests.Corruption;

/// <summary>A journal file that ends some groups behind the one in question: one flip costs the replay of a few groups.</summary>
internal sealed class JournalWindow(JournalSample sample, SampleFile file, byte[] bytes)
{
    // The group itself, and behind it what vouches for it.
    private const int Groups = 3;

    private readonly JournalPosition[] _groups = [.. file.Frames.Select(f => f.Group).Distinct()];
    private MemoryDisk _disk = new();
    private int _at = -1;

    /// <summary>The last entry in the window.</summary>
    public long LastLsn { get; private set; }

    /// <returns>False when there are not enough groups behind this one.</returns>
    public bool MoveTo(JournalPosition group)
    {
        int at = Math.Max(_at, 0);
        while (_groups[at] != group)
        {
            at++;
        }

        if (at + Groups >= _groups.Length)
        {
            return false;
        }

        if (at != _at)
        {
            _at = at;
            JournalPosition end = _groups[at + Groups];
            _disk = new MemoryDisk();
            _disk[file.Path] = bytes[..(int)end.Position];
            LastLsn = end.Lsn;
            Assert.Equal((Outcome.Same, LastLsn, null), sample.Replay(_disk, group));
        }

        return true;
    }

    public (Outcome Outcome, long End, string? Torn) Replay(int position, byte mask)
    {
        byte[] window = _disk[file.Path];
        window[position] ^= mask;
        (Outcome, long, string?) found = sample.Replay(_disk, _groups[_at]);
        window[position] ^= mask;
        return found;
    }
}
