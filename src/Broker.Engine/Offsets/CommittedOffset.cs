using Broker.Engine.Topics;

namespace Broker.Engine.Offsets;

/// <summary>How far one group has come in one partition.</summary>
internal sealed class CommittedOffset(string group, PartitionHandle partition)
{
    public string Group => group;

    public PartitionHandle Partition => partition;

    /// <summary>As decided; guarded by the sequencer's lock. Null before the first commit.</summary>
    public OffsetValue? Decided { get; set; }

    /// <summary>As applied; the journal's thread only.</summary>
    public OffsetValue? Applied { get; set; }

    /// <summary>On the list of those that the next checkpoint writes; the journal's thread only.</summary>
    public bool IsDirty { get; set; }
}
