namespace Broker.Engine.Producers;

/// <summary>Which list of the <see cref="ProducerTable"/> a producer is on.</summary>
internal enum Idleness : byte
{
    /// <summary>None: it is forgotten, or has a name and idles, which nobody waits for.</summary>
    Unlisted,

    /// <summary>Those that were used within <see cref="ProducerTable.IdleAfter"/>.</summary>
    Active,

    /// <summary>Those that were not, and may be forgotten.</summary>
    Idle,
}
