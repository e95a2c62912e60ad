namespace Broker.Load.Scenarios;

/// <summary>What is going on right now, for whoever watches.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class LiveCount
{
    private long _records;
    private string _phase = "starting";

    /// <summary>In this window so far.</summary>
    public long Records => Volatile.Read(ref _records);

    public string Phase => Volatile.Read(ref _phase);

    public void Begin(string phase)
    {
        Volatile.Write(ref _records, 0);
        Volatile.Write(ref _phase, phase);
    }

    public void Add(long records) => Interlocked.Add(ref _records, records);
}
