namespace Broker.Client.Producing;

internal enum TakeResult
{
    Taken,

    /// <summary>There is no record.</summary>
    Empty,

    /// <summary>There are records, and an event (an answer, a new id, the end of a wait) has to come before they go.</summary>
    Blocked,

    /// <summary>There is an unfinished batch only, and unfinished ones were not asked for or linger.</summary>
    Gathering,
}
