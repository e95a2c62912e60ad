namespace Broker.Checker.Histories;

/// <summary>A record that a call writes.</summary>
/// <param name="Key">Number of the partition.</param>
/// <param name="Value">Sent to this partition by no other call, except to send the same batch again.</param>
internal readonly record struct SentRecord(int Key, long Value)
{
    /// <summary>Where the answer says that it is; -1 when it does not say.</summary>
    public long Offset { get; init; } = -1;

    /// <summary>The partition of the record that this one was made from; -1 when it was made from none.</summary>
    public int SourceKey { get; init; } = -1;

    /// <summary>The value of that record.</summary>
    public long SourceValue { get; init; } = -1;
}
