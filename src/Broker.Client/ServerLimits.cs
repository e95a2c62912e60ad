namespace Broker.Client;

public sealed record ServerLimits(
    long RecordBytesMax,
    long BatchBytesMax,
    long MessageBytesMax,
    int PartitionsPerTopicMax,
    int ProducerWindowBatches);
