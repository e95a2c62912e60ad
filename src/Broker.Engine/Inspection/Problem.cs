namespace Broker.Engine.Inspection;

/// <summary>Damage that verification found.</summary>
internal sealed record Problem(string Path, long Position, string Description);
