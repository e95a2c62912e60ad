using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Graph;

/// <summary>
/// Which operation comes before which. Nodes are the operations that happened, and behind them one node for each answer in the order
/// of time: an operation points to that of its answer, each of these to the next, and the last one before a call to that call. So
/// all of "answered before the other began" takes three edges for each operation, and the order within each process is a part of it.
/// </summary>
internal sealed class DependencyGraph
{
    // Of node n the edges from _begin[n] to _begin[n + 1].
    private readonly int[] _begin;
    private readonly Edge[] _edges;
    private readonly History _history;
    private readonly int[] _lastWriters;

    public DependencyGraph(Facts facts)
    {
        _history = facts.History;
        OperationCount = _history.Operations.Length;
        NodeCount = OperationCount + _history.Operations.Count(operation => IsNode(facts, operation) && operation.IsOk);
        _lastWriters = new int[_history.KeyCount];

        // The edges are made twice, counted first: a list of all in between would take more memory than the graph.
        _begin = new int[NodeCount + 1];
        ForEachEdge(facts, (from, _) => _begin[from + 1]++);
        for (int node = 0; node < NodeCount; node++)
        {
            _begin[node + 1] += _begin[node];
        }

        _edges = new Edge[_begin[NodeCount]];
        int[] next = _begin[..NodeCount];
        ForEachEdge(facts, (from, edge) => _edges[next[from]++] = edge);
    }

    public int NodeCount { get; }

    /// <summary>Nodes below it are operations, the others points in time.</summary>
    public int OperationCount { get; }

    public ReadOnlySpan<Edge> EdgesOf(int node) => _edges.AsSpan(_begin[node].._begin[node + 1]);

    private static bool IsNode(Facts facts, Operation operation) =>
        !operation.IsRetry && facts.Fates[operation.Ordinal] == Fate.Committed && (operation.Sends.Length > 0 || operation.Polls.Length > 0);

    private void ForEachEdge(Facts facts, Action<int, Edge> add)
    {
        foreach (PartitionLog log in facts.Logs)
        {
            AddWriteWrite(facts, log, add);
        }

        foreach (Operation operation in _history.Operations)
        {
            if (operation.Polls.Length > 0 && IsNode(facts, operation))
            {
                AddWriteRead(facts, operation, add);
                if (operation.Function == Function.Txn)
                {
                    AddReadWrite(facts, operation, add);
                }
            }
        }

        AddTime(facts, add);
    }

    private static void AddWriteWrite(Facts facts, PartitionLog log, Action<int, Edge> add)
    {
        int before = -1;
        foreach (LogEntry entry in log.Entries)
        {
            int writer = WriterOf(facts, entry);
            if (before >= 0 && writer >= 0 && writer != before)
            {
                add(before, new Edge(writer, Dependency.WriteWrite, log.Key));
            }

            before = writer >= 0 ? writer : before;
        }
    }

    private void AddWriteRead(Facts facts, Operation reader, Action<int, Edge> add)
    {
        // Records of one call stand together: one edge for all of them.
        Array.Fill(_lastWriters, -1);
        foreach (PolledRecord polled in reader.Polls)
        {
            if (!facts.Writes.TryFind(polled.Key, polled.Value, out int write))
            {
                continue;
            }

            int writer = facts.Writes.All[write].Operation;
            if (writer != reader.Ordinal && writer != _lastWriters[polled.Key] && facts.Fates[writer] == Fate.Committed)
            {
                add(writer, new Edge(reader.Ordinal, Dependency.WriteRead, polled.Key));
                _lastWriters[polled.Key] = writer;
            }
        }
    }

    /// <summary>Of transactions alone: a poll may end before the last record, and promises nothing across partitions.</summary>
    private static void AddReadWrite(Facts facts, Operation reader, Action<int, Edge> add)
    {
        foreach (IGrouping<int, PolledRecord> polled in reader.Polls.GroupBy(record => record.Key))
        {
            ReadOnlySpan<LogEntry> entries = facts.Logs[polled.Key].Entries;
            int next = facts.Logs[polled.Key].IndexFrom(polled.Max(record => record.Offset) + 1);
            int lastRead = WriterOf(facts, entries[next - 1]);
            // The rest of what it has read in part is not what comes after it.
            while (next < entries.Length && WriterOf(facts, entries[next]) is var writer && (writer < 0 || writer == lastRead))
            {
                next++;
            }

            if (next < entries.Length && WriterOf(facts, entries[next]) != reader.Ordinal)
            {
                add(reader.Ordinal, new Edge(WriterOf(facts, entries[next]), Dependency.ReadWrite, polled.Key));
            }
        }
    }

    private void AddTime(Facts facts, Action<int, Edge> add)
    {
        int latest = OperationCount - 1;
        for (int at = 0; at < _history.EventCount; at++)
        {
            Operation operation = _history.OperationAt(at);
            if (!IsNode(facts, operation))
            {
                continue;
            }

            if (at == operation.InvokedAt && latest >= OperationCount)
            {
                add(latest, new Edge(operation.Ordinal, Dependency.Time, Key: 0));
            }
            else if (at == operation.CompletedAt)
            {
                if (latest >= OperationCount)
                {
                    add(latest, new Edge(latest + 1, Dependency.Time, Key: 0));
                }

                latest++;
                add(operation.Ordinal, new Edge(latest, Dependency.Time, Key: 0));
            }
        }
    }

    private static int WriterOf(Facts facts, LogEntry entry)
    {
        int writer = entry.Write < 0 ? -1 : facts.Writes.All[entry.Write].Operation;
        return writer >= 0 && facts.Fates[writer] == Fate.Committed ? writer : -1;
    }
}
