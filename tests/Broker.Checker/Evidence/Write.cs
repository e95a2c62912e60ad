namespace Broker.Checker.Evidence;

/// <summary>What a history says of one record that was sent.</summary>
internal struct Write
{
    /// <summary>The operation that sent it first.</summary>
    public int Operation { get; init; }

    public int Key { get; init; }

    public long Value { get; init; }

    /// <summary>Where the first ack says that it is; -1 without one.</summary>
    public long AckedOffset { get; set; }

    /// <summary>Number of the event with that ack.</summary>
    public int AckedAt { get; set; }

    /// <summary>Where it was polled first; -1 when nobody has.</summary>
    public long PolledOffset { get; set; }

    /// <summary>Number of the first event that shows it polled.</summary>
    public int PolledAt { get; set; }

    public readonly bool IsPolled => PolledOffset >= 0;

    /// <summary>Where it is; -1 when nobody knows.</summary>
    public readonly long Offset => IsPolled ? PolledOffset : AckedOffset;
}
