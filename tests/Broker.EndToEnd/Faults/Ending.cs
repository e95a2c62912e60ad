namespace Broker.EndToEnd.Faults;

/// <summary>How a life of the broker ends.</summary>
internal enum Ending
{
    /// <summary>SIGKILL: what the process wrote is still in the page cache.</summary>
    Kill,

    /// <summary>What was not synced is gone with it.</summary>
    PowerCut,
}
