namespace Broker.Checker.Histories;

/// <summary>
/// Makes one history of those that several processes of one machine wrote in one run: by time, which is of one clock. Logical
/// processes and values must be distinct among them.
/// </summary>
internal static class HistoryMerge
{
    /// <exception cref="HistoryException">One is no history: says which and why.</exception>
    public static void Write(string path, HistoryHeader header, IEnumerable<HistoryPart> parts)
    {
        using HistoryWriter merged = HistoryWriter.Create(path, header);
        var next = new PriorityQueue<HistoryPartReader, long>();
        List<HistoryPartReader> readers = [.. parts.Select(part => new HistoryPartReader(part))];
        try
        {
            foreach (HistoryPartReader reader in readers)
            {
                Advance(reader, next);
            }

            while (next.TryDequeue(out HistoryPartReader? reader, out _))
            {
                merged.WriteAt(reader.Current, reader.Current.TimeNs);
                Advance(reader, next);
            }
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }
    }

    private static void Advance(HistoryPartReader reader, PriorityQueue<HistoryPartReader, long> next)
    {
        if (reader.MoveNext())
        {
            next.Enqueue(reader, reader.Current.TimeNs);
        }
    }
}
