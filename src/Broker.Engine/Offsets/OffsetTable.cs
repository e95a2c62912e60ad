using Broker.Engine.Topics;

namespace Broker.Engine.Offsets;

/// <summary>The committed offsets of every group. They go with their topic, and with nothing else. Guarded by the sequencer's lock.</summary>
internal sealed class OffsetTable
{
    private readonly Dictionary<string, Dictionary<PartitionHandle, CommittedOffset>> _byGroup = new(StringComparer.Ordinal);

    public int Count => _byGroup.Values.Sum(group => group.Count);

    public IEnumerable<CommittedOffset> Of(string group) => _byGroup.TryGetValue(group, out var offsets) ? offsets.Values : [];

    public CommittedOffset? Find(string group, PartitionHandle partition) =>
        _byGroup.TryGetValue(group, out var offsets) ? offsets.GetValueOrDefault(partition) : null;

    public CommittedOffset FindOrAdd(string group, PartitionHandle partition)
    {
        if (!_byGroup.TryGetValue(group, out var offsets))
        {
            _byGroup[group] = offsets = [];
        }

        if (!offsets.TryGetValue(partition, out CommittedOffset? offset))
        {
            // The name as the others of the group have it, not one for each of them.
            group = offsets.Values.FirstOrDefault()?.Group ?? group;
            offsets[partition] = offset = new CommittedOffset(group, partition);
        }

        return offset;
    }

    /// <summary>Forgets what was read of a topic that is gone.</summary>
    public void Drop(Topic topic)
    {
        foreach ((string group, Dictionary<PartitionHandle, CommittedOffset> offsets) in _byGroup.ToArray())
        {
            foreach (PartitionHandle partition in offsets.Keys.Where(partition => partition.Topic == topic).ToArray())
            {
                offsets.Remove(partition);
            }

            if (offsets.Count == 0)
            {
                _byGroup.Remove(group);
            }
        }
    }
}
