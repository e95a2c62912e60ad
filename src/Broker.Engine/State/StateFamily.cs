namespace Broker.Engine.State;

/// <summary>The kinds of state. Each is a column family; the numbers are on disk: never reuse one.</summary>
internal enum StateFamily : byte
{
    /// <summary>One key: the checkpoint that this state belongs to.</summary>
    Meta = 0,

    /// <summary>By topic id.</summary>
    Topics = 1,

    /// <summary>By topic id and partition.</summary>
    Partitions = 2,

    /// <summary>By topic id, partition and base offset.</summary>
    Segments = 3,

    /// <summary>By producer id.</summary>
    Producers = 4,

    /// <summary>By topic id, partition and producer id.</summary>
    Sequences = 5,

    /// <summary>By topic id, partition and first offset of the damage.</summary>
    Damages = 6,

    /// <summary>By topic id: deleted, and its directory may still be there.</summary>
    DeletedTopics = 7,

    /// <summary>By producer id: the newest transaction that was committed.</summary>
    Transactions = 8,

    /// <summary>By topic id, partition and group.</summary>
    Offsets = 9,
}
