using Broker.Records;

namespace Broker.Client;

/// <summary>A record to send. Null and empty are told apart in key and value.</summary>
public sealed record ProducerRecord
{
    public required string Topic { get; init; }

    /// <summary>Null: the producer's partitioner chooses.</summary>
    public int? Partition { get; init; }

    public ReadOnlyMemory<byte>? Key { get; init; }

    public ReadOnlyMemory<byte>? Value { get; init; }

    public IReadOnlyList<RecordHeader>? Headers { get; init; }

    /// <summary>Null: now.</summary>
    public DateTimeOffset? Timestamp { get; init; }
}
