using Broker.Engine;
using Broker.Engine.Offsets;
using Broker.Protocol.V1;
using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>How far groups have come.</summary>
internal sealed class GroupGrpcService(BrokerEngine engine) : GroupService.GroupServiceBase
{
    private ulong Incarnation => (ulong)engine.Incarnation;

    public override async Task<CommitOffsetsResponse> CommitOffsets(CommitOffsetsRequest request, ServerCallContext call)
    {
        await engine.CommitOffsetsAsync([.. request.Offsets.Select(TransactionMessages.Convert)], call.CancellationToken).ConfigureAwait(false);
        return new CommitOffsetsResponse { Incarnation = Incarnation };
    }

    public override async Task<FetchOffsetsResponse> FetchOffsets(FetchOffsetsRequest request, ServerCallContext call)
    {
        IReadOnlyList<GroupOffset> offsets = await engine.FetchOffsetsAsync(request.Group, call.CancellationToken).ConfigureAwait(false);
        return new FetchOffsetsResponse { Offsets = { offsets.Select(TransactionMessages.Convert) }, Incarnation = Incarnation };
    }
}
