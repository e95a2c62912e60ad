using Broker.Client;

namespace Broker.EndToEnd.Faults;

/// <summary>The partitions that a fault run writes, and what is special about them.</summary>
internal static class FaultLogs
{
    public static readonly LogName[] Kept = [new("kept", 0), new("kept", 1), new("kept", 2)];

    // Its segments are freed while it is written, so that their files, with old bytes in them, are used again.
    public static readonly LogName Churned = new("churned", 0);

    // Acked before the sync: a power cut may take such records, and nothing else.
    public static readonly LogName Unsynced = new("unsynced", 0);

    public static LogName[] Durable => [.. Kept, Churned];

    public static LogName[] All => [.. Kept, Churned, Unsynced];

    public static async Task CreateAsync(string server)
    {
        await using var client = new BrokerClient(server);
        await client.Admin.CreateTopicAsync(Kept[0].Topic, Kept.Length);
        await client.Admin.CreateTopicAsync(
            Churned.Topic, partitionCount: 1, new Dictionary<string, string> { ["retention.bytes"] = (1 << 20).ToString() });
        await client.Admin.CreateTopicAsync(Unsynced.Topic, partitionCount: 1, new Dictionary<string, string> { ["durability"] = "os" });
    }
}
