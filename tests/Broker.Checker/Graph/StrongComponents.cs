namespace Broker.Checker.Graph;

/// <summary>
/// Tarjan's strongly connected components of a graph, of edges of some kinds: each node can be reached from each other one of its
/// component. In time and memory proportional to the graph; without recursion, which a long chain would let overflow.
/// </summary>
internal sealed class StrongComponents
{
    private const int Unvisited = 0;

    private readonly DependencyGraph _graph;
    private readonly Dependency _kinds;
    private readonly int[] _low;
    private readonly int[] _component;
    private readonly List<List<int>> _cyclic = [];
    private readonly Stack<int> _open = [];
    private readonly Stack<(int Node, int NextEdge)> _path = [];
    private int _visits;

    public StrongComponents(DependencyGraph graph, Dependency kinds)
    {
        _graph = graph;
        _kinds = kinds;
        _low = new int[graph.NodeCount];
        _component = new int[graph.NodeCount];
        Array.Fill(_component, -1);
        int[] visited = new int[graph.NodeCount];
        for (int node = 0; node < graph.NodeCount; node++)
        {
            if (visited[node] == Unvisited)
            {
                Visit(node, visited);
            }
        }
    }

    /// <summary>Components of more than one node: those with a cycle.</summary>
    public IReadOnlyList<List<int>> Cyclic => _cyclic;

    /// <summary>Both are in the same component, and it has a cycle.</summary>
    public bool AreTogether(int node, int other) => _component[node] >= 0 && _component[node] == _component[other];

    private void Visit(int root, int[] visited)
    {
        Enter(root, visited);
        while (_path.TryPop(out (int Node, int NextEdge) top))
        {
            ReadOnlySpan<Edge> edges = _graph.EdgesOf(top.Node);
            int at = top.NextEdge;
            while (at < edges.Length && !CanEnter(edges[at], top.Node, visited))
            {
                at++;
            }

            if (at < edges.Length)
            {
                _path.Push((top.Node, at + 1));
                Enter(edges[at].To, visited);
                continue;
            }

            if (_low[top.Node] == visited[top.Node])
            {
                Close(top.Node);
            }

            if (_path.TryPeek(out (int Node, int NextEdge) parent))
            {
                _low[parent.Node] = Math.Min(_low[parent.Node], _low[top.Node]);
            }
        }
    }

    private void Enter(int node, int[] visited)
    {
        visited[node] = _low[node] = ++_visits;
        _open.Push(node);
        _path.Push((node, 0));
    }

    /// <summary>The node behind the edge is new. One that is known lowers what can be reached from here, while it is open.</summary>
    private bool CanEnter(Edge edge, int from, int[] visited)
    {
        if ((edge.Dependency & _kinds) == 0)
        {
            return false;
        }

        if (visited[edge.To] == Unvisited)
        {
            return true;
        }

        // What is closed has the highest of all numbers.
        _low[from] = Math.Min(_low[from], _low[edge.To]);
        return false;
    }

    private void Close(int root)
    {
        if (_open.Peek() == root)
        {
            _low[_open.Pop()] = int.MaxValue;
            return;
        }

        var members = new List<int>();
        int member;
        do
        {
            member = _open.Pop();
            _low[member] = int.MaxValue;
            _component[member] = _cyclic.Count;
            members.Add(member);
        }
        while (member != root);

        _cyclic.Add(members);
    }
}
