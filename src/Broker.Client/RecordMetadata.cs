namespace Broker.Client;

/// <summary>Where an acknowledged record is.</summary>
/// <param name="AppendTimeMs">When the broker appended it, milliseconds since 1970 UTC.</param>
/// <param name="IsDuplicate">
/// True when an earlier attempt had already written it, which the client learned only now; it is in the log once.
/// </param>
/// <param name="Durability">What the acknowledgement means: <see cref="Durability.Durable"/> or <see cref="Durability.Os"/>.</param>
public readonly record struct RecordMetadata(
    string Topic,
    int Partition,
    long Offset,
    long AppendTimeMs,
    bool IsDuplicate,
    Durability Durability);
