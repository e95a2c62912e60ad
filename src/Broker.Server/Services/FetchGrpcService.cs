using Broker.Engine.Topics;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Server.Streams;
using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>Reading: the stream of stored batches, and plain records one call at a time.</summary>
internal sealed class FetchGrpcService(StreamContext shared, StreamRegistry registry, TopicLookup topics) : FetchContract.Base
{
    public override async Task Fetch(
        IAsyncStreamReader<FetchRequest> requestStream, IServerStreamWriter<FetchFrame> responseStream, ServerCallContext context)
    {
        var stream = new FetchStream(shared, requestStream, responseStream);
        registry.Add(stream);
        using var open = shared.Metrics.OpenStream("fetch");
        try
        {
            await stream.RunAsync(context.CancellationToken).ConfigureAwait(false);
        }
        finally
        {
            registry.Remove(stream);
        }
    }

    public override async Task<ReadResponse> Read(ReadRequest request, ServerCallContext context)
    {
        PartitionHandle partition = TopicLookup.Partition(topics.Topic(request.Topic), request.Partition);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, shared.Stopping);
        try
        {
            return await new PlainRead(shared, partition, request).RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (shared.Stopping.IsCancellationRequested)
        {
            throw shared.StoppingError();
        }
    }

    public override Task<ListOffsetsResponse> ListOffsets(ListOffsetsRequest request, ServerCallContext context)
    {
        TopicInfo topic = topics.Topic(request.Topic);
        var response = new ListOffsetsResponse { Incarnation = (ulong)shared.Engine.Incarnation };
        foreach (PartitionHandle partition in TopicLookup.Partitions(topic, request.Partitions))
        {
            response.Offsets.Add(new PartitionOffset
            {
                Partition = partition.Partition,
                Offset = Offsets.Resolve(partition, request.At),
            });
        }

        return Task.FromResult(response);
    }
}
