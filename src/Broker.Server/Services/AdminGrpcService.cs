using Broker.Engine;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Protocol.V1;
using Broker.Server.Hosting;
using Broker.Server.Streams;
using Grpc.Core;
using Topic = Broker.Protocol.V1.Topic;

namespace Broker.Server.Services;

/// <summary>Topics, producers, and what the broker is.</summary>
internal sealed class AdminGrpcService(BrokerEngine engine, TopicLookup topics, BrokerFacts facts) : AdminService.AdminServiceBase
{
    // Kafka's brokers default to 1, which nobody keeps; four let four consumers share the work.
    private const int PartitionCountDefault = 4;
    private const int ProducersPerPage = 1000;

    private ulong Incarnation => (ulong)engine.Incarnation;

    public override async Task<CreateTopicResponse> CreateTopic(CreateTopicRequest request, ServerCallContext call)
    {
        int partitionCount = request.PartitionCount == 0 ? PartitionCountDefault : request.PartitionCount;
        TopicInfo topic = await engine.CreateTopicAsync(request.Name, partitionCount, request.Config, call.CancellationToken)
            .ConfigureAwait(false);
        return new CreateTopicResponse { Topic = Convert(topic), Incarnation = Incarnation };
    }

    public override Task<ListTopicsResponse> ListTopics(ListTopicsRequest request, ServerCallContext call)
    {
        var response = new ListTopicsResponse { Incarnation = Incarnation };
        foreach (TopicInfo topic in engine.Topics.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            var summary = new TopicSummary { Topic = Convert(topic) };
            foreach (PartitionHandle partition in topic.Partitions)
            {
                PartitionStats stats = partition.Stats();
                summary.RecordCount += stats.HighWatermark - stats.LogStartOffset;
                summary.SizeBytes += stats.SizeBytes;
                summary.QuarantinedPartitionCount += partition.IsQuarantined ? 1 : 0;
            }

            response.Topics.Add(summary);
        }

        return Task.FromResult(response);
    }

    public override Task<DescribeTopicResponse> DescribeTopic(DescribeTopicRequest request, ServerCallContext call)
    {
        TopicInfo topic = topics.Topic(request.Name);
        var response = new DescribeTopicResponse { Topic = Convert(topic), Incarnation = Incarnation };
        response.Settings.AddRange(Engine.Topics.TopicSetting.All.Select(setting => new Protocol.V1.TopicSetting
        {
            Name = setting.Name,
            Value = setting.Show(topic.Settings),
            IsExplicit = topic.Config.ContainsKey(setting.Name),
            Description = setting.Description,
        }));
        response.Partitions.AddRange(topic.Partitions.Select(Convert));
        return Task.FromResult(response);
    }

    public override async Task<AlterTopicResponse> AlterTopic(AlterTopicRequest request, ServerCallContext call)
    {
        TopicInfo topic = await engine.AlterTopicAsync(topics.Topic(request.Name).Name, request.Set, request.Unset, call.CancellationToken)
            .ConfigureAwait(false);
        return new AlterTopicResponse { Topic = Convert(topic), Incarnation = Incarnation };
    }

    public override async Task<AddPartitionsResponse> AddPartitions(AddPartitionsRequest request, ServerCallContext call)
    {
        TopicInfo topic = await engine.AddPartitionsAsync(topics.Topic(request.Name).Name, request.PartitionCount, call.CancellationToken)
            .ConfigureAwait(false);
        return new AddPartitionsResponse { Topic = Convert(topic), Incarnation = Incarnation };
    }

    public override async Task<TrimTopicResponse> TrimTopic(TrimTopicRequest request, ServerCallContext call)
    {
        TopicInfo topic = topics.Topic(request.Name);
        // All are resolved before the first is trimmed: a bad offset changes nothing.
        List<(PartitionHandle Partition, long Before)> trims =
            [.. TopicLookup.Partitions(topic, request.Partitions).Select(p => (p, TrimPoint(p, request.Before)))];
        var response = new TrimTopicResponse { Incarnation = Incarnation };
        foreach ((PartitionHandle partition, long before) in trims)
        {
            long logStartOffset = await engine.TrimAsync(partition, before, call.CancellationToken).ConfigureAwait(false);
            response.Partitions.Add(new TrimmedPartition { Partition = partition.Partition, LogStartOffset = logStartOffset });
        }

        return response;
    }

    public override async Task<DeleteTopicResponse> DeleteTopic(DeleteTopicRequest request, ServerCallContext call)
    {
        await engine.DeleteTopicAsync(topics.Topic(request.Name).Name, call.CancellationToken).ConfigureAwait(false);
        return new DeleteTopicResponse { Incarnation = Incarnation };
    }

    public override async Task<ListProducersResponse> ListProducers(ListProducersRequest request, ServerCallContext call)
    {
        int limit = request.Limit is <= 0 or > ProducersPerPage ? ProducersPerPage : request.Limit;
        IReadOnlyList<ProducerSummary> producers = await engine
            .ListProducersAsync(request.AfterId, limit + 1, request.OnlyNamed, call.CancellationToken).ConfigureAwait(false);
        return new ListProducersResponse
        {
            Producers = { producers.Take(limit).Select(ProducerMessages.Convert) },
            HasMore = producers.Count > limit,
            Incarnation = Incarnation,
        };
    }

    public override async Task<DescribeProducerResponse> DescribeProducer(DescribeProducerRequest request, ServerCallContext call)
    {
        (ProducerSummary producer, IReadOnlyList<Engine.Producers.ProducerPosition> positions) = await engine
            .DescribeProducerAsync(request.HasName ? request.Name : null, request.ProducerId, call.CancellationToken).ConfigureAwait(false);
        return new DescribeProducerResponse
        {
            Producer = ProducerMessages.Convert(producer),
            Positions = { positions.Select(ProducerMessages.Convert) },
            Incarnation = Incarnation,
        };
    }

    public override async Task<DeleteProducerResponse> DeleteProducer(DeleteProducerRequest request, ServerCallContext call)
    {
        await engine.DeleteProducerAsync(request.HasName ? request.Name : null, request.ProducerId, call.CancellationToken).ConfigureAwait(false);
        return new DeleteProducerResponse { Incarnation = Incarnation };
    }

    public override Task<GetServerInfoResponse> GetServerInfo(GetServerInfoRequest request, ServerCallContext call) =>
        Task.FromResult(facts.Describe());

    /// <summary>An offset before the log start is a trim that has happened already, not a mistake.</summary>
    private static long TrimPoint(PartitionHandle partition, OffsetSpec? before) =>
        before?.SpecCase is OffsetSpec.SpecOneofCase.Offset && before.Offset < partition.LogStartOffset && before.Offset >= 0
            ? partition.LogStartOffset
            : Offsets.Resolve(partition, before);

    private static Topic Convert(TopicInfo topic)
    {
        var message = new Topic
        {
            Name = topic.Name,
            TopicId = TopicLookup.ToBytes(topic.Id),
            PartitionCount = topic.Partitions.Count,
            CreatedMs = topic.CreatedMs,
        };
        foreach ((string name, string value) in topic.Config)
        {
            message.Config[name] = value;
        }

        return message;
    }

    private static string Describe(PartitionDamage damage)
    {
        string lost = damage.IsLossAccepted ? "are lost" : "cannot be read";
        return $"Offsets {damage.Range.FromOffset} to {damage.Range.NextOffset - 1} {lost}: "
            + $"{damage.Path} is damaged from byte {damage.Range.FromPosition} to {damage.Range.ToPosition}.";
    }

    private static Partition Convert(PartitionHandle partition)
    {
        PartitionStats stats = partition.Stats();
        var message = new Partition
        {
            Partition_ = partition.Partition,
            LogStartOffset = stats.LogStartOffset,
            HighWatermark = stats.HighWatermark,
            SizeBytes = stats.SizeBytes,
            SegmentCount = stats.SegmentCount,
            State = partition.IsQuarantined ? "quarantined" : partition.Damages.Count > 0 ? "damaged" : "online",
            StateDetail = string.Join(" ", partition.Damages.Select(Describe)),
        };
        if (stats.LastAppendMs >= 0)
        {
            message.LastAppendTimeMs = stats.LastAppendMs;
        }

        if (stats.EarliestDeletionMs >= 0)
        {
            message.EarliestDeletionMs = stats.EarliestDeletionMs;
        }

        return message;
    }
}
