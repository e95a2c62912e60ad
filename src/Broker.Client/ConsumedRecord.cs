using System.Text;
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

    /// <summary>
    /// <see cref="Key"/> read as UTF-8, decoded at each call; null for null. What is not UTF-8 shows as U+FFFD: bytes that are no text
    /// are in <see cref="Key"/> alone.
    /// </summary>
    public string? KeyText => Text(Key);

    /// <summary><see cref="Value"/> as text, under the same rules as <see cref="KeyText"/>.</summary>
    public string? ValueText => Text(Value);

    public IReadOnlyList<RecordHeader> Headers { get; internal init; }

    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMs);

    public DateTimeOffset AppendTime => DateTimeOffset.FromUnixTimeMilliseconds(AppendTimeMs);

    private static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } known ? Encoding.UTF8.GetString(known.Span) : null;
}
