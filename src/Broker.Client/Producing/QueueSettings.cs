using Broker.Client.Transport;
using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>What all queues of one producer share.</summary>
internal sealed record QueueSettings(
    int BatchSizeBytes,
    Codec Codec,
    int InFlightMax,
    double LingerMs,
    Backoff Backoff,
    MemoryBudget Memory,
    ProducerClock Clock);
