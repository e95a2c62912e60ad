namespace Broker.Protocol;

/// <summary>The transaction of a <see cref="ProduceFrame"/>.</summary>
/// <param name="TimeoutMs">0 for the default.</param>
internal readonly record struct FrameTransaction(ulong Incarnation, ulong Number, uint TimeoutMs);
