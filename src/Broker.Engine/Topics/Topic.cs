using Broker.Records;

namespace Broker.Engine.Topics;

/// <summary>A topic's identity, with the snapshot that readers see.</summary>
internal sealed class Topic(TopicId id, string name, long createdMs)
{
    /// <summary>Set when its deletion became visible.</summary>
    public bool IsDeleted;

    private TopicInfo? _info;

    public TopicId Id { get; } = id;

    public string Name { get; } = name;

    public long CreatedMs { get; } = createdMs;

    /// <summary>As visible now; written by the journal's thread.</summary>
    public TopicInfo Info
    {
        get => Volatile.Read(ref _info)!;
        set => Volatile.Write(ref _info, value);
    }

    /// <summary>As decided, ahead of what is visible; guarded by the sequencer's lock.</summary>
    public required IReadOnlyDictionary<string, string> DecidedConfig { get; set; }

    /// <summary>All partitions that were decided; guarded by the sequencer's lock.</summary>
    public List<PartitionHandle> DecidedPartitions { get; } = [];

    /// <summary>Settings as decided; guarded by the sequencer's lock.</summary>
    public required TopicSettings DecidedSettings { get; set; }

    public bool IsDeletionDecided { get; set; }
}
