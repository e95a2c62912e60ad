namespace Broker.Records;

/// <summary>One header of a record to be written. The key is written as UTF-8; keys may repeat.</summary>
public readonly record struct RecordHeader(string Key, ReadOnlyMemory<byte>? Value);
