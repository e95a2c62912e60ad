namespace Broker.Checker.Evidence;

/// <summary>A polled record that is not simply the first sight of what somebody sent.</summary>
/// <param name="Operation">The first that polled it.</param>
/// <param name="Write">What was sent; -1 when nobody sent such a value.</param>
internal readonly record struct Sighting(int Operation, int Key, long Offset, long Value, int Write);
