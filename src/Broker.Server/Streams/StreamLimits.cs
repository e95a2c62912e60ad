namespace Broker.Server.Streams;

/// <param name="FetchResponseBytesMax">Batches in one response; a single larger batch is still sent.</param>
/// <param name="FetchPartitionsMax">Partitions that one fetch stream may follow.</param>
internal sealed record StreamLimits(int FetchResponseBytesMax, int FetchPartitionsMax)
{
    /// <summary>The contract promises a response every 5 s; a tick of the registry may be a second late.</summary>
    public static readonly TimeSpan HeartbeatAfter = TimeSpan.FromSeconds(3.5);

    /// <summary>A plain read waits no longer.</summary>
    public static readonly TimeSpan ReadWaitMax = TimeSpan.FromSeconds(60);

    /// <summary>Records of a plain read that asks for none in particular.</summary>
    public const int ReadRecordsDefault = 500;

    /// <summary>A plain read builds an object for each record.</summary>
    public const int ReadRecordsMax = 10_000;

    public const int ReadBytesDefault = 1 << 20;
}
