namespace Broker.Tests.Upgrade;

/// <summary>What a golden data directory holds, as its makers saw it through the client.</summary>
/// <param name="Formats">The versions that stand in its files: journal, snapshot, index, batch.</param>
/// <param name="Incarnation">Of the broker that wrote last; it was killed.</param>
/// <param name="ReplayedEntriesMin">The journal behind the last checkpoint holds at least so many entries.</param>
internal sealed record GoldenContent(
    IReadOnlyDictionary<string, int> Formats,
    long Incarnation,
    int ReplayedEntriesMin,
    IReadOnlyList<TopicContent> Topics,
    IReadOnlyList<string> DeletedTopics,
    IReadOnlyList<PartitionContent> Partitions,
    IReadOnlyList<LastBatch> LastBatches)
{
    /// <summary>Since format 3 of journal and snapshot.</summary>
    public IReadOnlyList<NamedProducer> NamedProducers { get; init; } = [];

    /// <summary>The newest transactions, by producer. Since format 4 of journal and snapshot, as the offsets.</summary>
    public IReadOnlyList<LastCommit> LastCommits { get; init; } = [];

    public IReadOnlyList<GroupPosition> Offsets { get; init; } = [];
}

/// <summary>A producer that has a name, and what it had written to the one partition that it wrote to.</summary>
internal sealed record NamedProducer(string Name, int Epoch, string Topic, int Partition, long RecordCount, long LastOffset);

/// <summary>The newest transaction that a producer has committed, and where its records are.</summary>
internal sealed record LastCommit(string Producer, long CommitTimeMs, IReadOnlyList<CommitPlace> Places);

internal sealed record CommitPlace(string Topic, int Partition, long BaseOffset, long RecordCount);

/// <summary>How far a group had come.</summary>
internal sealed record GroupPosition(string Group, string Topic, int Partition, long Offset);

internal sealed record TopicContent(string Name, int PartitionCount, IReadOnlyDictionary<string, string> Config);

internal sealed record PartitionContent(
    string Topic, string TopicId, int Partition, long LogStart, long HighWatermark, int RecordCount, string Sha256);

/// <summary>The newest batch of a producer in a partition: sent again it gets its first offset.</summary>
internal sealed record LastBatch(
    string Topic, int Partition, long ProducerId, int Epoch, long FirstSequence, int RecordCount, long BaseOffset);
