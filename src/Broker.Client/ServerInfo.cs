namespace Broker.Client;

/// <param name="Incarnation">The number of the broker's run; it grows with each start.</param>
/// <param name="Features">What this broker can do, such as "produce", "fetch", "append", "read".</param>
/// <param name="Security">"insecure", or how connections are secured.</param>
/// <param name="SyncTime">Median time of a journal sync, as measured when the broker started.</param>
/// <param name="Problems">What is wrong though the broker serves, a sentence each: writes refused for want of space, a slow disk, partitions in quarantine.</param>
public sealed record ServerInfo(
    string Version,
    ulong Incarnation,
    IReadOnlyList<string> Features,
    ServerLimits Limits,
    DateTimeOffset StartedAt,
    string DataDirectory,
    string Security,
    TimeSpan SyncTime,
    int TopicCount,
    int PartitionCount,
    long DiskFreeBytes,
    ulong VisibleLsn,
    IReadOnlyList<string> Problems);
