namespace Broker.Checker.Evidence;

/// <summary>A reader polled without getting anything more of a partition.</summary>
/// <param name="Operation">Its last poll.</param>
/// <param name="Next">The offset that it waits for.</param>
/// <param name="SinceNs">When it got its last record there, or was given the partition.</param>
/// <param name="UntilNs">When its last poll ended.</param>
internal readonly record struct Standstill(int Operation, int Key, long Next, long SinceNs, long UntilNs);
