namespace Broker.Checker.Histories;

/// <summary>A record that a call got.</summary>
/// <param name="Key">Number of the partition.</param>
/// <param name="Offset">Where it was.</param>
/// <param name="Value">The value in its payload; <see cref="NoValue"/> when the payload does not pass its own checks.</param>
internal readonly record struct PolledRecord(int Key, long Offset, long Value)
{
    public const long NoValue = -1;
}
