using Broker.Protocol.V1;

namespace Broker.Client;

/// <summary>A place in a partition's log. The default is <see cref="Earliest"/>.</summary>
public readonly record struct StartAt
{
    private readonly Kind _kind;
    private readonly long _value;

    private StartAt(Kind kind, long value)
    {
        _kind = kind;
        _value = value;
    }

    private enum Kind
    {
        Earliest,
        Latest,
        Offset,
        Timestamp,
    }

    /// <summary>The oldest record that is still kept.</summary>
    public static StartAt Earliest => default;

    /// <summary>After the newest record.</summary>
    public static StartAt Latest => new(Kind.Latest, 0);

    public static StartAt Offset(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new StartAt(Kind.Offset, offset);
    }

    /// <summary>The first record whose timestamp is this or later; the end where there is none.</summary>
    public static StartAt Timestamp(DateTimeOffset timestamp) => new(Kind.Timestamp, timestamp.ToUnixTimeMilliseconds());

    public override string ToString() => _kind switch
    {
        Kind.Earliest => "earliest",
        Kind.Latest => "latest",
        Kind.Offset => $"offset {_value}",
        _ => $"timestamp {DateTimeOffset.FromUnixTimeMilliseconds(_value):O}",
    };

    internal OffsetSpec ToWire() => _kind switch
    {
        Kind.Earliest => new OffsetSpec { LogEnd = LogEnd.Earliest },
        Kind.Latest => new OffsetSpec { LogEnd = LogEnd.Latest },
        Kind.Offset => new OffsetSpec { Offset = _value },
        _ => new OffsetSpec { TimestampMs = _value },
    };
}
