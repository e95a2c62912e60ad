namespace Broker.Client.Producing;

/// <summary>What a partition's queue needs done after it has taken in an event.</summary>
[Flags]
internal enum Reaction
{
    None = 0,

    /// <summary>Look at the queue again: something may be sent now.</summary>
    Send = 1,

    /// <summary>Get a new producer id and call <see cref="PartitionQueue.Rebase"/>.</summary>
    ReplaceIdentity = 2,

    /// <summary>Ask for the topic again and call <see cref="PartitionQueue.Retarget"/> or fail it.</summary>
    RefreshTopic = 4,

    /// <summary>The producer was fenced: nothing of it will be accepted any more.</summary>
    FailProducer = 8,

    /// <summary>Tell that the broker takes nothing for now: the first refusal of a row that will be tried again.</summary>
    TellRefused = 16,

    /// <summary>Tell that the broker takes records again.</summary>
    TellTaken = 32,
}
