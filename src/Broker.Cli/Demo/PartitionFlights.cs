namespace Broker.Cli.Demo;

/// <summary>One partition of the demo's flights.</summary>
internal sealed class PartitionFlights
{
    public long RecordCount { get; private set; }

    public int OriginCount { get; private set; }

    public long FirstTimestampMs { get; private set; } = long.MaxValue;

    public long LastTimestampMs { get; private set; } = long.MinValue;

    public void Add(long timestampMs, bool isNewOrigin)
    {
        RecordCount++;
        OriginCount += isNewOrigin ? 1 : 0;
        FirstTimestampMs = Math.Min(FirstTimestampMs, timestampMs);
        LastTimestampMs = Math.Max(LastTimestampMs, timestampMs);
    }
}
