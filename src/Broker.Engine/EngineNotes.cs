namespace Broker.Engine;

/// <summary>What was out of the ordinary since the start, one sentence each. Any thread.</summary>
internal sealed class EngineNotes
{
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
            _notes.Add(note);
            _follower?.Invoke(note);
        }
    }
}
