namespace Broker.Records;

/// <summary>A bug in this program, never a bad input: the process must not go on as if nothing had happened.</summary>
internal sealed class InvariantException(string message) : Exception(message);
