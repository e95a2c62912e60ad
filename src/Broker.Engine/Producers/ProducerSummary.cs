namespace Broker.Engine.Producers;

/// <summary>One producer in a list.</summary>
/// <param name="IdleMs">Since it was last used, within a second; counted from the broker's start at most.</param>
internal readonly record struct ProducerSummary(long Id, string? Name, int Epoch, string ClientId, long IdleMs, int PartitionCount);
