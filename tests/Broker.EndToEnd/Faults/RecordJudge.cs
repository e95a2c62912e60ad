namespace Broker.EndToEnd.Faults;

/// <summary>Says of a record that came back what it is, and whether its bytes are those that were sent.</summary>
internal delegate ReadBack RecordJudge(long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
