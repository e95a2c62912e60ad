namespace Broker.Checker.Evidence;

/// <summary>A reader got another offset than the next one.</summary>
/// <param name="Operation">The operation that polled <paramref name="Found"/>.</param>
/// <param name="IsWithin">The record before came from the same operation.</param>
internal readonly record struct PollJump(int Operation, int Key, long Expected, long Found, bool IsWithin);
