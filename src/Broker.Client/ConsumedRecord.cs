using Broker.Records;

namespace Broker.Client;

/// <summary>One record. Its bytes are the reader's own and may be kept.</summary>
public readonly record struct ConsumedRecord
{
    public string Topic { get; internal init; }

    public int Partition { get; internal init; }

    public long Offset { get; internal init; }

    public long TimestampMs { get; internal init; }

    /// <summary>When the broker appended it, milliseconds since 1970 UTC.</summary>
    public long AppendTimeMs { get; internal init; }

    /// <summary>Null and empty are told apart, here and in <see cref="Value"/>.</summary>
    public ReadOnlyMemory<byte>? Key { get; internal init; }

    public ReadOnlyMemory<byte>? Value { get; internal init; }

    public IReadOnlyList<RecordHeader> Headers { get; internal init; }

    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMs);

    public DateTimeOffset AppendTime => DateTimeOffset.FromUnixTimeMilliseconds(AppendTimeMs);
}
