namespace Broker.Cli.Terminal;

/// <summary>The reader of standard output has gone, as <c>head</c> does: a reason to stop, not an error.</summary>
internal sealed class ClosedPipeException() : IOException("standard output was closed");
