namespace Broker.Checker.Histories;

/// <summary>Where a partition begins and ends.</summary>
/// <param name="Key">Number of the partition.</param>
/// <param name="LogStart">The first offset that can be read.</param>
/// <param name="HighWatermark">The offset after the last record that can be read.</param>
internal readonly record struct PartitionEnds(int Key, long LogStart, long HighWatermark);
