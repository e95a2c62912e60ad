namespace Broker.Engine;

/// <summary>What must be true before a write is acknowledged, from strong to weak.</summary>
internal enum Durability
{
    /// <summary>On disk: the journal was written and synced.</summary>
    Durable,

    /// <summary>Handed to the operating system.</summary>
    Os,
}
