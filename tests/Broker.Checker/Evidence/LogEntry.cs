namespace Broker.Checker.Evidence;

/// <summary>A record in a partition, as far as acks and polls tell.</summary>
/// <param name="Write">What was sent; -1 when nobody sent such a value.</param>
/// <param name="IsPolled">Somebody has read it there; otherwise only its ack says so.</param>
internal readonly record struct LogEntry(long Offset, long Value, int Write, bool IsPolled);
