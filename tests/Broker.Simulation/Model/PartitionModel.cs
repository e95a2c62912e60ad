using Broker.Records;

namespace Broker.Simulation.Model;

/// <summary>What was sent to one partition and what the broker said: what must be found there.</summary>
internal sealed class PartitionModel(TopicModel topic, int number, long createdLsn)
{
    private readonly List<(long Lsn, long Offset)> _trims = [];
    private readonly List<(long Lsn, string Group, long Offset)> _commits = [];

    public TopicModel Topic => topic;

    public int Number => number;

    public long CreatedLsn => createdLsn;

    /// <summary>In the order of their offsets.</summary>
    public List<BatchModel> Batches { get; } = [];

    public long NextOffset => Batches.Count == 0 ? 0 : Batches[^1].NextOffset;

    /// <summary>The highest log start that was ever shown or answered.</summary>
    public long LogStartSeen { get; private set; }

    public void SawLogStart(long offset) => LogStartSeen = Math.Max(LogStartSeen, offset);

    public void Trim(long lsn, long offset) => _trims.Add((lsn, offset));

    /// <summary>How far the log start must be when everything up to an LSN is in effect.</summary>
    public long LogStartAt(long lsn) =>
        Math.Max(LogStartSeen, _trims.Where(t => t.Lsn <= lsn).Select(t => t.Offset).DefaultIfEmpty().Max());

    public void Rollback(long lsn)
    {
        Batches.RemoveAll(b => b.Lsn > lsn);
        _trims.RemoveAll(t => t.Lsn > lsn);
        _commits.RemoveAll(c => c.Lsn > lsn);
    }

    public void Commit(long lsn, string group, long offset) => _commits.Add((lsn, group, offset));

    /// <summary>What a group has committed last; null for nothing.</summary>
    public long? OffsetOf(string group) => _commits.FindLast(c => c.Group == group) is { Group: not null } last ? last.Offset : null;

    public BatchModel? Last(long producerId) => Batches.FindLast(b => b.ProducerId == producerId);

    public BatchModel? Holding(long offset) => Batches.Find(b => b.BaseOffset <= offset && offset < b.NextOffset);

    /// <summary>The first record from a time on, the end when there is none.</summary>
    public long OffsetOfTime(long timestampMs, long logStart)
    {
        foreach (BatchModel batch in Batches.Where(b => b.NextOffset > logStart))
        {
            for (int i = (int)Math.Max(0, logStart - batch.BaseOffset); i < batch.Count; i++)
            {
                if (batch.Timestamps[i] >= timestampMs)
                {
                    return batch.BaseOffset + i;
                }
            }
        }

        return NextOffset;
    }

    public override string ToString() => $"{topic.Name}/{number}";
}

/// <summary>One topic, from its creation to its deletion.</summary>
internal sealed class TopicModel(string name, TopicId id, long createdLsn)
{
    public string Name => name;

    public TopicId Id => id;

    public long CreatedLsn => createdLsn;

    /// <summary>Retention was set at some time: its log starts move by themselves.</summary>
    public bool HasRetention { get; set; }

    public long DeletedLsn { get; set; } = long.MaxValue;

    public List<PartitionModel> Partitions { get; } = [];
}
