using Broker.Storage.Journal;

namespace Broker.Tests.Corruption;

/// <summary>
/// A journal file that ends some groups behind the one in question, read once into memory; bits are flipped where the
/// device put them. So one flip costs the replay of a few groups and not the copy of a file.
/// </summary>
internal sealed class JournalWindow(JournalSample sample, SampleFile file, byte[] bytes) : IDisposable
{
    // The group itself, and behind it what vouches for it.
    private const int Groups = 3;

    private readonly JournalPosition[] _groups = [.. file.Frames.Select(f => f.Group).Distinct()];
    private MemoryDisk _disk = new();
    private JournalReplay? _replay;
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
            _replay?.Dispose();
            _replay = sample.NewReplay(_disk);
            Assert.Equal((Outcome.Same, LastLsn, null), sample.Replay(_replay, group));
        }

        return true;
    }

    public (Outcome Outcome, long End, string? Torn) Replay(int position, byte mask)
    {
        _disk.LastRead!.Span[position] ^= mask;
        (Outcome, long, string?) found = sample.Replay(_replay!, _groups[_at]);
        _disk.LastRead.Span[position] ^= mask;
        return found;
    }

    public void Dispose() => _replay?.Dispose();
}
