namespace Broker.Client.Producing;

internal enum AppendResult
{
    /// <summary>The record joined others: nobody needs to be told.</summary>
    Joined,

    /// <summary>The record began a batch in an empty queue.</summary>
    Began,

    /// <summary>A batch before it became full.</summary>
    Filled,

    /// <summary>No memory: the record was not taken.</summary>
    NoMemory,

    /// <summary>The queue takes nothing any more.</summary>
    Closed,
}
