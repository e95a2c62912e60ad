namespace Broker.Client.Producing;

/// <summary>
/// Keeps the order of sends that have to wait, for their topic to be looked up or for room: one line per topic, in which
/// each goes when the one before it has gone.
/// </summary>
/// <remarks>Thread-safe. Costs a read while nobody waits.</remarks>
internal sealed class SendLine
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task> _tails = new(StringComparer.Ordinal);
    private volatile bool _isEmpty = true;

    /// <summary>True while somebody waits with a record for this topic.</summary>
    public bool HasWaiters(string topic)
    {
        if (_isEmpty)
        {
            return false;
        }

        lock (_gate)
        {
            return _tails.ContainsKey(topic);
        }
    }

    /// <summary>Joins the line.</summary>
    /// <param name="own">Completed by <see cref="Leave"/>.</param>
    /// <returns>Completes when it is one's turn.</returns>
    public Task Join(string topic, TaskCompletionSource own)
    {
        lock (_gate)
        {
            Task before = _tails.GetValueOrDefault(topic, Task.CompletedTask);
            _tails[topic] = own.Task;
            _isEmpty = false;
            return before;
        }
    }

    public void Leave(string topic, TaskCompletionSource own)
    {
        lock (_gate)
        {
            if (_tails[topic] == own.Task)
            {
                _tails.Remove(topic);
                _isEmpty = _tails.Count == 0;
            }
        }

        own.SetResult();
    }

    /// <summary>Completes when all who wait now have gone.</summary>
    public Task WhenGoneAsync()
    {
        if (_isEmpty)
        {
            return Task.CompletedTask;
        }

        lock (_gate)
        {
            return Task.WhenAll(_tails.Values);
        }
    }
}
