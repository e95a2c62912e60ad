namespace Broker.Engine.Producers;

/// <summary>A named producer that was taken over, and where it was in each partition then.</summary>
internal sealed record OpenedProducer(ProducerIdentity Identity, IReadOnlyList<ProducerPosition> Positions);
