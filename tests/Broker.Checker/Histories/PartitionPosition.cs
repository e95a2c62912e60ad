namespace Broker.Checker.Histories;

/// <summary>An offset of a group, or a place to poll from.</summary>
/// <param name="Key">Number of the partition.</param>
/// <param name="Position">The offset of the next record; <see cref="None"/> for none: nothing is committed, or the place is not known.</param>
internal readonly record struct PartitionPosition(int Key, long Position)
{
    public const long None = -1;
}
