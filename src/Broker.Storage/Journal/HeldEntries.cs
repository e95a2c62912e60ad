namespace Broker.Storage.Journal;

/// <summary>Entries of the journal that count only together with others behind them, until it is known whether those are there.</summary>
internal sealed class HeldEntries
{
    private readonly List<(byte Kind, long Lsn, int From, int Length, bool IsIntact)> _entries = [];
    private byte[] _bodies = [];
    private int _bytes;

    public bool Any => _entries.Count > 0;

    public int Count => _entries.Count;

    /// <summary>The place before the first of them: where the journal ends when the others are not there.</summary>
    public JournalPosition Start { get; private set; }

    /// <param name="at">The place of the frame.</param>
    public void Add(JournalPosition at, JournalFrame frame, bool isIntact)
    {
        if (!Any)
        {
            Start = at;
        }

        ReadOnlySpan<byte> body = frame.Body;
        if (_bodies.Length - _bytes < body.Length)
        {
            Array.Resize(ref _bodies, Math.Max(2 * _bodies.Length, _bytes + body.Length));
        }

        body.CopyTo(_bodies.AsSpan(_bytes));
        _entries.Add((frame.Kind, frame.Lsn, _bytes, body.Length, isIntact));
        _bytes += body.Length;
    }

    /// <summary>Carries them out, and holds none any more.</summary>
    public void Replay(IJournalVisitor visitor)
    {
        foreach ((byte kind, long lsn, int from, int length, bool isIntact) in _entries)
        {
            IJournalVisitor.Replay(visitor, kind, lsn, _bodies.AsSpan(from, length), isIntact);
        }

        Clear();
    }

    public void Clear()
    {
        _entries.Clear();
        _bytes = 0;
    }
}
