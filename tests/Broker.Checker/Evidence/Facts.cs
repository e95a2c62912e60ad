using Broker.Checker.Histories;

namespace Broker.Checker.Evidence;

/// <summary>All that follows from a history before anything is judged. Made in a few passes, each over all operations.</summary>
internal sealed class Facts
{
    /// <exception cref="HistoryException">The history contradicts itself.</exception>
    public Facts(History history)
    {
        History = history;
        Writes = new WriteSet(history);
        Fates = new Fates(history, Writes);
        Sightings = new Sightings(history, Writes);
        Fates.Prove(Writes.All);
        Logs = PartitionLog.Build(history.KeyCount, Writes, Sightings);
        Bounds = new LogBounds(history);
        Walk = new PollWalk(history, Bounds);
    }

    public History History { get; }

    public WriteSet Writes { get; }

    public Fates Fates { get; }

    public Sightings Sightings { get; }

    /// <summary>By key.</summary>
    public PartitionLog[] Logs { get; }

    public LogBounds Bounds { get; }

    public PollWalk Walk { get; }

    /// <summary>Should have been polled by now, and was not: a reader went over its offset, or over the whole partition.</summary>
    public bool IsMissing(in Write write)
    {
        // What is there, and broken, is not gone.
        if (write.IsPolled || Sightings.IsCorrupt(write.Key, write.AckedOffset))
        {
            return false;
        }

        bool isDrained = Walk.IsDrained(write.Key);
        return write.AckedOffset < 0
            // Retention may have freed it, wherever it was.
            ? isDrained && Bounds.LogStart(write.Key) == 0
            : write.AckedOffset >= Bounds.LogStart(write.Key) && (isDrained || Walk.HasPassed(write.Key, write.AckedOffset));
    }

    /// <summary>Something of what the operation wrote is there, and something is missing.</summary>
    public bool IsTorn(Operation operation)
    {
        bool isAnyPolled = false;
        bool isAnyMissing = false;
        foreach (ref readonly Write write in Writes.Of(operation))
        {
            isAnyPolled |= write.IsPolled;
            isAnyMissing |= IsMissing(write);
        }

        return isAnyPolled && isAnyMissing;
    }
}
