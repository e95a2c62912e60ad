using Broker.Storage.Segments;

namespace Broker.Engine.Topics;

/// <summary>
/// Takes damage from whoever finds it, a reader, the scrub or recovery, to the one who decides. Keeps it until there is one.
/// Any thread.
/// </summary>
internal sealed class DamageReports
{
    private readonly Lock _gate = new();
    private readonly List<(PartitionHandle, DamagedRange)> _kept = [];
    private Action<PartitionHandle, DamagedRange>? _follower;

    public void Report(PartitionHandle partition, DamagedRange range)
    {
        Action<PartitionHandle, DamagedRange>? follower;
        lock (_gate)
        {
            follower = _follower;
            if (follower is null)
            {
                _kept.Add((partition, range));
            }
        }

        follower?.Invoke(partition, range);
    }

    /// <summary>Hands over what was found so far, then all that will be.</summary>
    public void Follow(Action<PartitionHandle, DamagedRange> follower)
    {
        (PartitionHandle, DamagedRange)[] kept;
        lock (_gate)
        {
            _follower = follower;
            kept = [.. _kept];
            _kept.Clear();
        }

        foreach ((PartitionHandle partition, DamagedRange range) in kept)
        {
            follower(partition, range);
        }
    }
}
