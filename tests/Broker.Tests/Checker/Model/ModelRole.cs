namespace Broker.Tests.Checker.Model;

internal enum ModelRole
{
    /// <summary>Sends batches and transactions.</summary>
    Producer,

    /// <summary>Polls partitions, commits and fetches offsets of a group of its own.</summary>
    Consumer,

    /// <summary>Makes a record in the last partition of each record of the first, exactly once.</summary>
    Transformer,
}
