namespace Broker.Client;

public readonly record struct PartitionOffset(int Partition, long Offset);
