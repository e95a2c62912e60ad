using Broker.Client.Transport;
using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>One topic of a producer: its partitions' queues, and the choice among them.</summary>
/// <remarks>Thread-safe. The array of queues only grows.</remarks>
internal sealed class ProducerTopic
{
    private readonly IPartitioner _partitioner;
    private readonly QueueSettings _settings;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private PartitionQueue[] _queues = [];
    private TopicMetadata _metadata;
    private int _current;

    public ProducerTopic(TopicMetadata metadata, IPartitioner partitioner, QueueSettings settings, Random random)
    {
        _metadata = metadata;
        _partitioner = partitioner;
        _random = random;
        int batchSizeBytes = Math.Min(settings.BatchSizeBytes, metadata.BatchBytesMax);
        _settings = settings with { BatchSizeBytes = batchSizeBytes };
        Grow(metadata);
        _current = metadata.OpenPartitions[random.Next(metadata.OpenPartitions.Length)];
    }

    /// <summary>1 while somebody asks the broker what became of this topic.</summary>
    public int Refreshes;

    public string Name => _metadata.Name;

    public TopicMetadata Metadata => Volatile.Read(ref _metadata);

    /// <summary>One for each partition there was at any time.</summary>
    public PartitionQueue[] Queues => Volatile.Read(ref _queues);

    /// <summary>Whether there is such a partition, as far as is known; always true when none is wished.</summary>
    public bool Has(int? partition) => partition is not { } wished || (uint)wished < (uint)Metadata.PartitionCount;

    /// <exception cref="BrokerException">The wished partition does not exist.</exception>
    public PartitionQueue Choose(OptionalBytes key, int? partition)
    {
        int count = Metadata.PartitionCount;
        int chosen = partition ?? _partitioner.Choose(Name, key, count);
        if (chosen == Partitioner.Any && partition is null)
        {
            chosen = Volatile.Read(ref _current);
        }

        if ((uint)chosen >= (uint)count)
        {
            throw Failures.PartitionGone(Name, chosen, count, isDefinite: true);
        }

        return Queues[chosen];
    }

    /// <summary>A batch is complete: records without key go to another partition from now on.</summary>
    public void NoteSealed(int partition)
    {
        if (Volatile.Read(ref _current) == partition)
        {
            Volatile.Write(ref _current, OpenPartitionAfter(partition));
        }
    }

    /// <summary>The partition takes no records: those without key go elsewhere until the broker describes it otherwise.</summary>
    public void NoteQuarantined(int partition)
    {
        lock (_gate)
        {
            Volatile.Write(ref _metadata, _metadata.Without(partition));
        }

        NoteSealed(partition);
    }

    /// <summary>Takes over what the broker says now.</summary>
    public void Update(TopicMetadata metadata)
    {
        lock (_gate)
        {
            Grow(metadata);
            Volatile.Write(ref _metadata, metadata);
            Volatile.Write(ref _current, metadata.OpenPartitions[0]);
        }
    }

    /// <summary>By chance another one of those that take records; the same when there is no other.</summary>
    private int OpenPartitionAfter(int partition)
    {
        int[] open = Metadata.OpenPartitions;
        int place = Array.BinarySearch(open, partition);
        int others = place < 0 ? open.Length : open.Length - 1;
        if (others == 0)
        {
            return partition;
        }

        int step;
        lock (_random)
        {
            step = 1 + _random.Next(others);
        }

        return open[(Math.Max(place, -1) + step) % open.Length];
    }

    private void Grow(TopicMetadata metadata)
    {
        PartitionQueue[] old = _queues;
        if (metadata.PartitionCount > old.Length)
        {
            var queues = new PartitionQueue[metadata.PartitionCount];
            old.CopyTo(queues, 0);
            for (int partition = old.Length; partition < queues.Length; partition++)
            {
                queues[partition] = new PartitionQueue(this, metadata, partition, _settings);
            }

            Volatile.Write(ref _queues, queues);
        }
    }
}
