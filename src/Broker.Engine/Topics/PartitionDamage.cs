using Broker.Storage.Segments;

namespace Broker.Engine.Topics;

/// <summary>A part of a partition's log that cannot be read.</summary>
/// <param name="IsLossAccepted">An operator has given its records up: it keeps nothing from being appended.</param>
/// <param name="Path">The segment's file.</param>
internal sealed record PartitionDamage(DamagedRange Range, bool IsLossAccepted, string Path);
