using Broker.Engine.Entries;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;

namespace Broker.Engine.Offsets;

/// <summary>What the sequencer decides about committed offsets.</summary>
internal sealed class OffsetDecisions(Sequencer sequencer, EngineState state, TimeProvider time)
{
    /// <summary>What a group may leave with an offset.</summary>
    public const int MetadataLengthMax = 4096;

    private readonly Lock _gate = sequencer.Gate;

    /// <summary>Checks what can be checked of commits without the state.</summary>
    /// <exception cref="BrokerException">A name or its metadata is not allowed.</exception>
    public static void Check(IReadOnlyList<OffsetCommit> commits)
    {
        foreach (OffsetCommit commit in commits)
        {
            TopicName.CheckFor("group", commit.Group);
            if (commit.Metadata.Length > MetadataLengthMax)
            {
                throw new BrokerException(
                    BrokerError.InvalidRequest,
                    $"The metadata of an offset has {commit.Metadata.Length} characters, {MetadataLengthMax} are allowed.",
                    new Dictionary<string, string> { ["length"] = commit.Metadata.Length.ToString(), ["limit"] = MetadataLengthMax.ToString() });
            }
        }
    }

    /// <summary>Commits offsets alone, all or none.</summary>
    /// <returns>The LSN that the answer depends on.</returns>
    /// <exception cref="BrokerException">One of them is not possible.</exception>
    public long Commit(IReadOnlyList<OffsetCommit> commits)
    {
        Check(commits);
        lock (_gate)
        {
            sequencer.RefuseWhenStopped();
            var effects = new CommitEffects(Transactions: null, Outcome: null, Resolve(commits, time.GetUtcNow().ToUnixTimeMilliseconds()));
            effects.Decide();
            return sequencer.Enqueue(EntryKind.OffsetsCommitted, effects.ToBytes(), effects);
        }
    }

    /// <summary>The committed offsets of a group, by topic and partition.</summary>
    /// <returns>With the LSN that the answer depends on.</returns>
    public (IReadOnlyList<GroupOffset> Offsets, long Lsn) Fetch(string group)
    {
        TopicName.CheckFor("group", group);
        lock (_gate)
        {
            GroupOffset[] offsets =
            [
                .. state.Offsets.Of(group)
                    .Where(offset => offset.Decided is not null && !offset.Partition.Topic.IsDeletionDecided)
                    .Select(offset => new GroupOffset(
                        offset.Partition.TopicName, offset.Partition.TopicId, offset.Partition.Partition,
                        offset.Decided!.Offset, offset.Decided.Metadata, offset.Decided.CommitTimeMs))
                    .OrderBy(offset => offset.Topic, StringComparer.Ordinal).ThenBy(offset => offset.Partition),
            ];
            return (offsets, sequencer.LastLsn);
        }
    }

    /// <summary>Finds what commits are about; under the sequencer's lock.</summary>
    /// <exception cref="BrokerException">A partition is not there, or ends before the offset.</exception>
    internal IReadOnlyList<(CommittedOffset Entry, OffsetValue Value)> Resolve(IReadOnlyList<OffsetCommit> commits, long nowMs)
    {
        var partitions = new PartitionHandle[commits.Count];
        for (int i = 0; i < commits.Count; i++)
        {
            partitions[i] = PartitionOf(commits[i]);
        }

        var resolved = new (CommittedOffset, OffsetValue)[commits.Count];
        for (int i = 0; i < commits.Count; i++)
        {
            resolved[i] = (
                state.Offsets.FindOrAdd(commits[i].Group, partitions[i]), new OffsetValue(commits[i].Offset, commits[i].Metadata, nowMs));
        }

        return resolved;
    }

    private PartitionHandle PartitionOf(OffsetCommit commit)
    {
        if (state.FindPartition(commit.TopicId, commit.Partition) is not { Topic.IsDeletionDecided: false } partition)
        {
            throw new BrokerException(
                BrokerError.UnknownTopicOrPartition,
                $"An offset of group {commit.Group} is for partition {commit.Partition} of a topic with id {commit.TopicId}, which does not exist (any more).",
                new Dictionary<string, string> { ["topic_id"] = commit.TopicId.ToString(), ["partition"] = commit.Partition.ToString() });
        }

        return commit.Offset >= 0 && commit.Offset <= partition.Decided.NextOffset ? partition : throw new BrokerException(
            BrokerError.OffsetOutOfRange,
            $"Offset {commit.Offset} of group {commit.Group} is not within partition {partition.Partition} of {partition.TopicName}, which ends before {partition.Decided.NextOffset}.",
            new Dictionary<string, string> { ["log_start_offset"] = partition.Decided.LogStartOffset.ToString(), ["high_watermark"] = partition.Decided.NextOffset.ToString() });
    }
}
