using Broker.Records;

namespace Broker.Engine.Topics;

/// <summary>The settings in force for one topic: what it sets itself, over the broker's defaults.</summary>
internal sealed record TopicSettings
{
    /// <summary>No limit, for the two kinds of retention.</summary>
    public const long Unlimited = -1;

    public static TopicSettings Default { get; } = new();

    public long RetentionMs { get; init; } = 7L * 24 * 60 * 60 * 1000;

    public long RetentionBytes { get; init; } = Unlimited;

    public int SegmentBytes { get; init; } = 1 << 30;

    public long SegmentMs { get; init; } = 7L * 24 * 60 * 60 * 1000;

    /// <summary>Null keeps what the producer chose.</summary>
    public Codec? CompressionType { get; init; }

    /// <summary>Largest record, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = 1 << 20;

    /// <summary>True: records get the broker's time of append in place of the producer's timestamp.</summary>
    public bool LogAppendTime { get; init; }

    /// <summary>How far ahead of the broker's clock a record may be dated.</summary>
    public long TimestampAfterMaxMs { get; init; } = 60 * 60 * 1000;

    public int IndexIntervalBytes { get; init; } = 4096;

    public Durability Durability { get; init; } = Durability.Durable;
}
