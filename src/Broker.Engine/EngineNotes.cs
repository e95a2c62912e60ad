namespace Broker.Engine;

/// <summary>What was out of the ordinary since the start, one sentence each, the newest hundred. Any thread.</summary>
internal sealed class EngineNotes
{
    // A disk that is full and not full again by turns has no end of them.
    private const int KeptMax = 100;

    private readonly Lock _gate = new();
    private readonly List<string> _notes = [];
    private Action<string>? _follower;

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _notes];
            }
        }
    }

    /// <summary>Hands over every note so far, then each new one; to one follower.</summary>
    public void Follow(Action<string> follower)
    {
        lock (_gate)
        {
            _follower = follower;
            _notes.ForEach(follower);
        }
    }

    internal void Add(string note)
    {
        lock (_gate)
        {
            if (_notes.Count == KeptMax)
            {
                _notes.RemoveAt(0);
            }

            _notes.Add(note);
            _follower?.Invoke(note);
        }
    }
}
