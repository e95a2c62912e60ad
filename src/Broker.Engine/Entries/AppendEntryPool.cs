namespace Broker.Engine.Entries;

/// <summary>Append entries to be used again. Any thread.</summary>
internal sealed class AppendEntryPool(EngineState state)
{
    // More than this many at once is a burst; its entries go to the collector.
    private const int KeptMax = 4096;

    private readonly Lock _gate = new();
    private readonly Stack<AppendEntry> _free = new();

    public AppendEntry Take()
    {
        lock (_gate)
        {
            if (_free.TryPop(out AppendEntry? entry))
            {
                return entry;
            }
        }

        return new AppendEntry(this, state);
    }

    public void Return(AppendEntry entry)
    {
        lock (_gate)
        {
            if (_free.Count < KeptMax)
            {
                _free.Push(entry);
            }
        }
    }
}
