namespace Broker.Checker.Evidence;

/// <summary>An ack of a record that has been acked at another offset.</summary>
internal readonly record struct RetryMismatch(int Operation, int Write, long Offset);
