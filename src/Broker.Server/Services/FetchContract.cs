using Broker.Protocol;
using Broker.Protocol.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>The generated <see cref="FetchService"/> with its stream in the form that leaves batches where they are.</summary>
/// <remarks>See <see cref="ProduceContract"/>.</remarks>
internal static class FetchContract
{
    public static ServiceDescriptor Descriptor => FetchService.Descriptor;

    public static void BindService(ServiceBinderBase binder, Base? service)
    {
        FetchService.BindService(new UnaryBinder(binder), serviceImpl: null);
        binder.AddMethod(
            ServerMethods.Fetch, service is null ? null! : new DuplexStreamingServerMethod<FetchRequest, FetchFrame>(service.Fetch));
    }

    [BindServiceMethod(typeof(FetchContract), nameof(BindService))]
    public abstract class Base
    {
        public abstract Task Fetch(
            IAsyncStreamReader<FetchRequest> requestStream, IServerStreamWriter<FetchFrame> responseStream, ServerCallContext context);

        public abstract Task<ReadResponse> Read(ReadRequest request, ServerCallContext context);

        public abstract Task<ListOffsetsResponse> ListOffsets(ListOffsetsRequest request, ServerCallContext context);
    }
}
