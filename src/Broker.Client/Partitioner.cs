using Broker.Records;

namespace Broker.Client;

public static class Partitioner
{
    /// <summary>The record may go to any partition.</summary>
    public const int Any = -1;

    /// <summary>murmur2 of the key as in Kafka, so that a key has the same partition in both; any partition without a key.</summary>
    public static IPartitioner Default { get; } = new Murmur2Partitioner();

    private sealed class Murmur2Partitioner : IPartitioner
    {
        public int Choose(string topic, OptionalBytes key, int partitionCount)
        {
            return key.IsNull ? Any : Murmur2.PartitionOf(key.Span, partitionCount);
        }
    }
}
