using Broker.Engine;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;
using Broker.Server.Hosting;
using Broker.Server.Streams;
using Grpc.Core;
using Durability = Broker.Protocol.V1.Durability;

namespace Broker.Server.Services;

/// <summary>Writing: the pipelined stream of batches, and plain records one call at a time.</summary>
internal sealed class ProduceGrpcService(StreamContext shared, StreamRegistry registry, TopicLookup topics) : ProduceContract.Base
{
    // Spreads records without key and partition evenly; where it starts does not matter.
    private static int _nextPartition;

    public override async Task Produce(
        IAsyncStreamReader<ProduceFrame> requestStream, IServerStreamWriter<ProduceResponse> responseStream, ServerCallContext context)
    {
        var stream = new ProduceStream(shared, ConnectionState.Of(context).ProduceBudget, requestStream, responseStream);
        registry.Add(stream);
        using var open = shared.Metrics.OpenStream("produce");
        try
        {
            await stream.RunAsync(context.CancellationToken).ConfigureAwait(false);
        }
        finally
        {
            registry.Remove(stream);
        }
    }

    public override async Task<InitProducerResponse> InitProducer(InitProducerRequest request, ServerCallContext context)
    {
        OpenedProducer producer = request.Name.Length == 0
            ? new(await shared.Engine.InitProducerAsync(request.ClientId, context.CancellationToken).ConfigureAwait(false), [])
            : await shared.Engine.OpenProducerAsync(
                request.Name, request.ClientId, Current(request), context.CancellationToken)
                .ConfigureAwait(false);
        return new InitProducerResponse
        {
            ProducerId = producer.Identity.Id,
            ProducerEpoch = (uint)producer.Identity.Epoch,
            Incarnation = (ulong)shared.Engine.Incarnation,
            Positions = { producer.Positions.Select(ProducerMessages.Convert) },
        };
    }

    public override async Task<AppendResponse> Append(AppendRequest request, ServerCallContext context)
    {
        PartitionHandle partition = Choose(topics.Topic(request.Topic), request);
        long nowMs = shared.Time.GetUtcNow().ToUnixTimeMilliseconds();
        BatchOutcome outcome;
        PooledBuffer stored = Encode(partition, request.Records, nowMs);
        try
        {
            using var admission = new BatchAdmission(shared);
            outcome = admission.Append(Batch(partition, stored, request), stored, request.Durability);
            shared.Metrics.Produced(stored.Span, outcome);
        }
        finally
        {
            stored.Release();
        }

        // A refusal, too, is told only when what it rests on is on disk.
        if (outcome.Durability == Durability.Os)
        {
            await shared.Log.Progress.WaitWrittenAsync(outcome.Lsn, context.CancellationToken).ConfigureAwait(false);
        }
        else
        {
            await shared.Log.Progress.WaitVisibleAsync(outcome.Lsn, context.CancellationToken).ConfigureAwait(false);
        }

        return outcome.Error is null
            ? Answer(partition, outcome)
            : throw ErrorMap.ToRpcException(outcome.Code, outcome.Error.Message, outcome.Error.Metadata);
    }

    private static ProducerIdentity? Current(InitProducerRequest request) =>
        request.HasCurrentEpoch != request.HasCurrentProducerId
            ? throw new BrokerException(BrokerError.InvalidRequest, "current_producer_id and current_epoch go together.")
            : request.HasCurrentEpoch ? new ProducerIdentity(request.CurrentProducerId, (int)request.CurrentEpoch) : null;

    private static FrameBatch Batch(PartitionHandle partition, PooledBuffer stored, AppendRequest request) => new(
        partition.TopicId, partition.Partition, stored.Memory, request.HasExpectedLastOffset ? request.ExpectedLastOffset : null);

    private static PartitionHandle Choose(TopicInfo topic, AppendRequest request)
    {
        if (request.Records.Count == 0)
        {
            throw new BrokerException(BrokerError.InvalidRequest, "An append needs at least one record.");
        }

        if (request is { HasExpectedLastOffset: true, HasPartition: false })
        {
            throw new BrokerException(BrokerError.InvalidRequest, "An append with expected_last_offset must name its partition.");
        }

        if (request.HasPartition)
        {
            return TopicLookup.Partition(topic, request.Partition);
        }

        int count = topic.Partitions.Count;
        Record first = request.Records[0];
        int partition = first.HasKey
            ? Murmur2.PartitionOf(first.Key.Span, count)
            : (int)((uint)Interlocked.Increment(ref _nextPartition) % (uint)count);
        return topic.Partitions[partition];
    }

    private static PooledBuffer Encode(PartitionHandle partition, Google.Protobuf.Collections.RepeatedField<Record> records, long nowMs)
    {
        using var writer = new BatchWriter(Codec.None);
        var headers = new List<RecordHeader>();
        foreach (Record record in records)
        {
            headers.Clear();
            foreach (Header header in record.Headers)
            {
                headers.Add(new RecordHeader(header.Key, header.HasValue ? header.Value.Memory : null));
            }

            writer.Append(
                record.HasTimestampMs ? record.TimestampMs : nowMs,
                record.HasKey ? record.Key.Span : OptionalBytes.Null,
                record.HasValue ? record.Value.Span : OptionalBytes.Null,
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(headers));
        }

        return writer.Finish(
            partition.TopicId, partition.Partition, StoredBatch.NoProducer, StoredBatch.NoProducer, StoredBatch.NoProducer);
    }

    private AppendResponse Answer(PartitionHandle partition, in BatchOutcome outcome) => new()
    {
        Partition = partition.Partition,
        BaseOffset = outcome.BaseOffset,
        AppendTimeMs = outcome.AppendTimeMs,
        Durability = outcome.Durability,
        Lsn = (ulong)outcome.Lsn,
        Incarnation = (ulong)shared.Engine.Incarnation,
    };
}
