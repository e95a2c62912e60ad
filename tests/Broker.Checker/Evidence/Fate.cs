namespace Broker.Checker.Evidence;

/// <summary>What became of an operation that writes, by all that is known at the end.</summary>
internal enum Fate : byte
{
    /// <summary>It may have happened or not, or may still happen.</summary>
    Unknown,

    /// <summary>It happened: it was acked, or said to be committed later, or something of it was polled.</summary>
    Committed,

    /// <summary>It certainly did not happen.</summary>
    Aborted,
}
