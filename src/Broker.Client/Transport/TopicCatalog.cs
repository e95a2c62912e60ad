using System.Collections.Concurrent;
using Broker.Protocol.V1;
using Broker.Records;
using Limits = Broker.Protocol.V1.Limits;

namespace Broker.Client.Transport;

/// <summary>Topics by name, asked for once and kept until somebody finds them outdated.</summary>
/// <remarks>Thread-safe; two who ask at once may both call the broker, which does no harm.</remarks>
internal sealed class TopicCatalog(ClientContext context)
{
    private const string MaxMessageBytes = "max.message.bytes";
    private const string Quarantined = "quarantined";

    private readonly ConcurrentDictionary<string, TopicMetadata> _topics = new(StringComparer.Ordinal);
    private readonly AdminService.AdminServiceClient _admin = new(context.Connection.Invoker);
    private Limits? _limits;

    /// <exception cref="BrokerException">UNKNOWN_TOPIC_OR_PARTITION, or why the broker could not be asked.</exception>
    public async ValueTask<TopicMetadata> GetAsync(string name, TimeSpan retryFor, CancellationToken cancellationToken)
    {
        return _topics.TryGetValue(name, out TopicMetadata? topic)
            ? topic
            : await RefreshAsync(name, retryFor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>This client has changed the topic: ask again when it is next used.</summary>
    public void Forget(string name) => _topics.TryRemove(name, out _);

    /// <summary>Asks the broker, whatever is known already.</summary>
    public async Task<TopicMetadata> RefreshAsync(string name, TimeSpan retryFor, CancellationToken cancellationToken)
    {
        _topics.TryRemove(name, out _);
        Limits limits = await GetLimitsAsync(retryFor, cancellationToken).ConfigureAwait(false);
        DescribeTopicResponse described = await context.CallWithRetryAsync(
            _admin.DescribeTopicAsync,
            new DescribeTopicRequest { Name = name },
            retryFor,
            cancellationToken).ConfigureAwait(false);
        TopicMetadata topic = ToMetadata(described, limits);
        _topics[name] = topic;
        return topic;
    }

    private async ValueTask<Limits> GetLimitsAsync(TimeSpan retryFor, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _limits) is { } known)
        {
            return known;
        }

        GetServerInfoResponse info = await context.CallWithRetryAsync(
            _admin.GetServerInfoAsync,
            new GetServerInfoRequest(),
            retryFor,
            cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _limits, info.Limits);
        return info.Limits;
    }

    private static TopicMetadata ToMetadata(DescribeTopicResponse described, Limits limits)
    {
        if (described.Topic.TopicId.Length != TopicId.SizeBytes || described.Topic.PartitionCount < 1)
        {
            throw new BrokerException(
                ErrorReasons.ProtocolViolation,
                $"The broker described topic '{described.Topic.Name}' with a topic id of {described.Topic.TopicId.Length} bytes "
                    + $"and {described.Topic.PartitionCount} partitions.",
                isDefinite: true);
        }

        TopicId id = TopicId.Read(described.Topic.TopicId.Span);
        var seeds = new uint[described.Topic.PartitionCount];
        for (int partition = 0; partition < seeds.Length; partition++)
        {
            seeds[partition] = StoredBatch.PrefixSeed(id, partition);
        }

        int[] quarantined = [.. described.Partitions.Where(p => p.State == Quarantined).Select(p => p.Partition_)];
        int[] open = [.. Enumerable.Range(0, seeds.Length).Except(quarantined)];
        long batchBytesMax = limits.BatchBytesMax;
        foreach (TopicSetting setting in described.Settings)
        {
            if (setting.Name == MaxMessageBytes && long.TryParse(setting.Value, out long bytes) && bytes > 0)
            {
                batchBytesMax = Math.Min(batchBytesMax, bytes);
            }
        }

        return new TopicMetadata(
            described.Topic.Name,
            id,
            seeds,
            open.Length > 0 ? open : [.. Enumerable.Range(0, seeds.Length)],
            (int)Math.Min(limits.RecordBytesMax, int.MaxValue),
            (int)Math.Min(batchBytesMax, int.MaxValue),
            limits.ProducerWindowBatches > 0 ? limits.ProducerWindowBatches : ProducerOptions.InFlightBatchesMax);
    }
}
