namespace Broker.Client;

/// <summary>What must be true before a record is acknowledged.</summary>
public enum Durability
{
    /// <summary>What the topic says.</summary>
    TopicDefault = 0,

    /// <summary>On disk: the write was followed by a completed fdatasync.</summary>
    Durable = 1,

    /// <summary>Handed to the operating system: survives a crash of the broker, not of the machine.</summary>
    Os = 2,
}
