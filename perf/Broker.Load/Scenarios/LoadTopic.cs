using Broker.Client;

namespace Broker.Load.Scenarios;

/// <summary>The topics of a run: one for each window, so that what a window reads is what it wrote.</summary>
internal sealed class LoadTopic : IAsyncDisposable
{
    // Small enough that retention, which drops whole segments, keeps to its limit; large enough that rolling does not count.
    private const long SegmentBytesMin = 1 << 20, SegmentBytesMax = 128 << 20;
    private const int SegmentsWanted = 8;

    private readonly BrokerClient _client;

    private LoadTopic(BrokerClient client, string name)
    {
        _client = client;
        Name = name;
    }

    public string Name { get; }

    /// <param name="retentionBytes">Of all partitions together; −1 for no limit.</param>
    public static async Task<LoadTopic> CreateAsync(LoadSettings settings, BrokerClient client, long retentionBytes, CancellationToken cancellationToken)
    {
        var config = new Dictionary<string, string> { ["durability"] = settings.Durability == Durability.Os ? "os" : "durable" };
        if (retentionBytes >= 0)
        {
            long perPartition = Math.Max(1, retentionBytes / settings.Partitions);
            config["retention.bytes"] = $"{perPartition}";
            config["segment.bytes"] = $"{Math.Clamp(perPartition / SegmentsWanted, SegmentBytesMin, SegmentBytesMax)}";
        }

        string name = $"load-{Guid.CreateVersion7():N}";
        await client.Admin.CreateTopicAsync(name, settings.Partitions, config, cancellationToken).ConfigureAwait(false);
        return new LoadTopic(client, name);
    }

    /// <summary>How many records the broker says were written to it.</summary>
    public async Task<long> EndAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<PartitionOffset> ends =
            await _client.Admin.ListOffsetsAsync(Name, StartAt.Latest, cancellationToken: cancellationToken).ConfigureAwait(false);
        return ends.Sum(end => end.Offset);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _client.Admin.DeleteTopicAsync(Name).ConfigureAwait(false);
        }
        catch (BrokerException)
        {
            // Why the server is gone has been said, or will be.
        }
    }
}
