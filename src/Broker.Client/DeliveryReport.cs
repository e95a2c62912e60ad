namespace Broker.Client;

/// <summary>How one batch of records ended.</summary>
/// <param name="BaseOffset">Offset of the first record; the others follow. −1 when it failed.</param>
/// <param name="Error">Null when it is in the log.</param>
public readonly record struct DeliveryReport(
    string Topic,
    int Partition,
    long BaseOffset,
    int RecordCount,
    long AppendTimeMs,
    bool IsDuplicate,
    Durability Durability,
    BrokerException? Error);
