namespace Broker.Engine.Topics;

/// <summary>Where the sequencer will put the next batch of a partition. Runs ahead of what is durable.</summary>
internal sealed class DecidedLog
{
    public long NextOffset { get; set; }

    public long LogStartOffset { get; set; }

    public long SegmentBaseOffset { get; set; }

    public int SegmentPosition { get; set; }

    public int SegmentCapacityBytes { get; set; }

    public long SegmentFirstAppendMs { get; set; }

    /// <summary>Append times never run backwards within a partition.</summary>
    public long LastAppendMs { get; set; }

    /// <summary>Set when no segment is open, or the open one was given up.</summary>
    public bool MustRoll { get; set; } = true;

    /// <summary>Damage was found and not settled: nothing is appended.</summary>
    public bool IsQuarantined { get; set; }
}
