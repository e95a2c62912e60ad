using Broker.Records;

namespace Broker.Client;

/// <summary>Chooses a record's partition. Must be thread-safe.</summary>
public interface IPartitioner
{
    /// <returns>
    /// 0 up to partitionCount − 1, or <see cref="Partitioner.Any"/> to leave it to the producer, which keeps to one
    /// partition until a batch has gone and then takes another. Partitions in quarantine it leaves out while there are others.
    /// </returns>
    int Choose(string topic, OptionalBytes key, int partitionCount);
}
