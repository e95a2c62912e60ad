namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>How a disk becomes full.</summary>
internal enum Approach
{
    /// <summary>By the broker's own records: it refuses them in time.</summary>
    Slow,

    /// <summary>Another program takes all at once, to the last block: the broker's writes fail.</summary>
    Sudden,
}
