using Broker.Protocol.V1;

namespace Broker.Client.Producing;

/// <summary>How a batch ended: where it is, or why it is not.</summary>
internal readonly record struct BatchOutcome(PendingBatch Batch, BatchResult? Result, BrokerException? Error);
