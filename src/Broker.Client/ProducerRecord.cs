using System.Text;
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

    /// <summary>Key and value as UTF-8, a half of a surrogate pair as U+FFFD; a null string is a null key or value.</summary>
    internal static ProducerRecord OfText(string topic, string? key, string? value) =>
        new() { Topic = topic, Key = Encode(key), Value = Encode(value) };

    /// <remarks>A plain null would be converted, as an array, to memory that is empty.</remarks>
    private static ReadOnlyMemory<byte>? Encode(string? text) =>
        text is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(text);
}
