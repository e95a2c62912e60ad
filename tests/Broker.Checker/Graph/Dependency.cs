namespace Broker.Checker.Graph;

/// <summary>Why one operation comes before another. The values are those of a mask.</summary>
[Flags]
internal enum Dependency
{
    /// <summary>Both wrote to a partition, one behind the other.</summary>
    WriteWrite = 1,

    /// <summary>The later one polled what the earlier one wrote.</summary>
    WriteRead = 2,

    /// <summary>The earlier one had not polled what the later one wrote.</summary>
    ReadWrite = 4,

    /// <summary>The earlier one had been answered when the later one began; of one process or of two.</summary>
    Time = 8,
}
