namespace Broker.Simulation.Schedule;

/// <summary>A promise was broken. The message says which, and where.</summary>
internal sealed class Violation(string message) : Exception(message);
