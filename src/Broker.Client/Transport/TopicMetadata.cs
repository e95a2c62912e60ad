using Broker.Records;

namespace Broker.Client.Transport;

/// <summary>One topic as the broker described it, with the limits that hold for it.</summary>
/// <param name="PartitionSeeds">The prefix CRC's seed of each partition; as many as there are partitions.</param>
/// <param name="OpenPartitions">In rising order, those that take records: in no quarantine, as far as is known; all when none does.</param>
/// <param name="RecordBytesMax">Largest record as encoded.</param>
/// <param name="BatchBytesMax">Largest stored batch: the broker's limit or the topic's, whichever is less.</param>
/// <param name="WindowBatches">How many batches of one producer and partition the broker recognises when they come again.</param>
internal sealed record TopicMetadata(
    string Name,
    TopicId Id,
    uint[] PartitionSeeds,
    int[] OpenPartitions,
    int RecordBytesMax,
    int BatchBytesMax,
    int WindowBatches)
{
    public int PartitionCount => PartitionSeeds.Length;

    /// <summary>With one open partition less, if others are left.</summary>
    public TopicMetadata Without(int partition)
    {
        int[] open = [.. OpenPartitions.Where(other => other != partition)];
        return open.Length == 0 ? this : this with { OpenPartitions = open };
    }
}
