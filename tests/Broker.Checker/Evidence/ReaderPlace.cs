namespace Broker.Checker.Evidence;

/// <summary>How far a process has read a partition.</summary>
internal sealed class ReaderPlace
{
    /// <summary>The offset that comes next; -1 when it is not known.</summary>
    public long Next { get; set; } = -1;

    /// <summary>From here to <see cref="Next"/> it has gone without a break.</summary>
    public long CoveredFrom { get; set; } = -1;

    /// <summary>When it was assigned, or got a record last.</summary>
    public long SinceNs { get; set; }

    /// <summary>The operation that got the record before; -1 before the first.</summary>
    public int LastOperation { get; set; } = -1;

    /// <summary>It began at the log start when everything had been written.</summary>
    public bool IsDrain { get; set; }
}
