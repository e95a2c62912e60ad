namespace Broker.Checker.Graph;

/// <summary>An arrow of the graph.</summary>
/// <param name="To">The node that it points to.</param>
/// <param name="Key">The partition that it is about; 0 for time.</param>
internal readonly record struct Edge(int To, Dependency Dependency, int Key)
{
    /// <summary>It points from an operation to one that began earlier. Every cycle has such an edge, and time is none.</summary>
    public bool IsBackward(int from) => Dependency != Dependency.Time && To < from;
}
