namespace Broker.Checker.Graph;

/// <summary>
/// Finds short cycles in a component. Each cycle has an edge that points back to an operation that began earlier, and time never
/// does: so the search goes out from such edges, which where nothing is wrong are few, and takes the shortest way back to them.
/// </summary>
internal sealed class CycleSearch(DependencyGraph graph, StrongComponents components, Dependency kinds)
{
    // A mistake shows in each of the cycles that it makes: one short one among some is all that is asked for.
    private const int BackwardEdgesMax = 64;

    // Some seconds at the most, if the whole history is one component.
    private const long StepsMax = 100_000_000;

    private readonly int[] _seenIn = new int[graph.NodeCount];
    private readonly (int From, Edge Edge)[] _cameBy = new (int, Edge)[graph.NodeCount];
    private int _searches;
    private long _steps;

    /// <param name="isWanted">Whether a cycle is of the kind that is looked for.</param>
    /// <returns>The shortest cycle of that kind that was met; null when none was.</returns>
    public CycleStep[]? Shortest(List<int> component, Predicate<CycleStep[]> isWanted)
    {
        CycleStep[]? shortest = null;
        int tried = 0;
        foreach (int from in component.Where(node => node < graph.OperationCount).Order())
        {
            foreach (Edge back in graph.EdgesOf(from))
            {
                if ((back.Dependency & kinds) == 0 || !back.IsBackward(from) || !components.AreTogether(from, back.To))
                {
                    continue;
                }

                if (tried++ == BackwardEdgesMax || _steps > StepsMax)
                {
                    return shortest;
                }

                CycleStep[] cycle = Close(from, back);
                if ((shortest is null || cycle.Length < shortest.Length) && isWanted(cycle))
                {
                    shortest = cycle;
                }
            }
        }

        return shortest;
    }

    /// <summary>The shortest cycle with this edge. There is one: both ends are in one component.</summary>
    private CycleStep[] Close(int from, Edge back)
    {
        Search(from: back.To, to: from);
        var steps = new List<CycleStep> { new(from, back.Dependency, back.Key) };
        int node = from;
        while (node != back.To)
        {
            (int before, Edge edge) = _cameBy[node];
            if (before < graph.OperationCount)
            {
                steps.Add(new CycleStep(before, edge.Dependency, edge.Key));
            }

            node = before;
        }

        steps.Reverse();
        return [.. steps];
    }

    /// <summary>Breadth first. Steps from a point in time cost nothing: an operation is one step from all that began after its answer.</summary>
    private void Search(int from, int to)
    {
        _searches++;
        var reached = new Stack<int>();
        var next = new List<int> { from };
        _seenIn[from] = _searches;
        while (_seenIn[to] != _searches)
        {
            next.ForEach(reached.Push);
            next.Clear();
            while (reached.TryPop(out int node))
            {
                foreach (Edge edge in graph.EdgesOf(node))
                {
                    _steps++;
                    if ((edge.Dependency & kinds) == 0 || _seenIn[edge.To] == _searches || !components.AreTogether(node, edge.To))
                    {
                        continue;
                    }

                    _seenIn[edge.To] = _searches;
                    _cameBy[edge.To] = (node, edge);
                    if (node < graph.OperationCount)
                    {
                        next.Add(edge.To);
                    }
                    else
                    {
                        reached.Push(edge.To);
                    }
                }
            }
        }
    }
}
