using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>A record on its way into a batch.</summary>
/// <param name="SizeBytesMax">Upper bound of the encoded record.</param>
internal sealed record RecordToAppend(
    long TimestampMs, ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Value, RecordHeader[] Headers, int SizeBytesMax);
