namespace Broker.Checker.Histories;

internal enum EventKind : byte
{
    /// <summary>Written before the call.</summary>
    Invoke,

    /// <summary>It happened, as the event says.</summary>
    Ok,

    /// <summary>It certainly did not happen.</summary>
    Fail,

    /// <summary>Nobody knows. The process ends with it: what it began may still happen later.</summary>
    Info,
}
