namespace Broker.Engine.Producers;

/// <summary>What a producer writes under.</summary>
internal readonly record struct ProducerIdentity(long Id, int Epoch);
