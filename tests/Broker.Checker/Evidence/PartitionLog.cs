namespace Broker.Checker.Evidence;

/// <summary>Everything that is known to be in a partition, by offset. An offset has more than one entry only when something is wrong.</summary>
internal sealed class PartitionLog(int key, LogEntry[] entries)
{
    private static readonly Comparer<LogEntry> ByOffset = Comparer<LogEntry>.Create(
        (left, right) => left.Offset != right.Offset ? left.Offset.CompareTo(right.Offset) : left.Value.CompareTo(right.Value));

    public int Key => key;

    public ReadOnlySpan<LogEntry> Entries => entries;

    public static PartitionLog[] Build(int keyCount, WriteSet writes, Sightings sightings)
    {
        Sighting[] others = [.. sightings.Again, .. sightings.Fabricated, .. sightings.Corrupt];
        int[] counts = new int[keyCount];
        foreach (ref readonly Write write in writes.All)
        {
            counts[write.Key] += write.Offset >= 0 ? 1 : 0;
        }

        foreach (Sighting sighting in others)
        {
            counts[sighting.Key]++;
        }

        LogEntry[][] byKey = [.. counts.Select(count => new LogEntry[count])];
        for (int index = 0; index < writes.All.Length; index++)
        {
            Write write = writes.All[index];
            if (write.Offset >= 0)
            {
                byKey[write.Key][--counts[write.Key]] = new LogEntry(write.Offset, write.Value, index, write.IsPolled);
            }
        }

        foreach (Sighting sighting in others)
        {
            byKey[sighting.Key][--counts[sighting.Key]] = new LogEntry(sighting.Offset, sighting.Value, sighting.Write, IsPolled: true);
        }

        return [.. byKey.Select((entries, key) =>
        {
            Array.Sort(entries, ByOffset);
            return new PartitionLog(key, entries);
        })];
    }

    /// <summary>The index of the first entry at <paramref name="offset"/> or after it.</summary>
    public int IndexFrom(long offset)
    {
        int low = 0;
        int high = entries.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (entries[middle].Offset < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The entries from one offset up to another, without it.</summary>
    public ReadOnlySpan<LogEntry> Between(long from, long upTo) => Entries[IndexFrom(from)..IndexFrom(Math.Max(from, upTo))];
}
