using Broker.Protocol;
using Broker.Protocol.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>
/// The generated <see cref="ProduceService"/> with its stream in the form that leaves batches where they are. Shaped like
/// generated code, because the gRPC host and reflection find their way by that shape.
/// </summary>
internal static class ProduceContract
{
    public static ServiceDescriptor Descriptor => ProduceService.Descriptor;

    public static void BindService(ServiceBinderBase binder, Base? service)
    {
        ProduceService.BindService(new UnaryBinder(binder), serviceImpl: null);
        binder.AddMethod(
            ServerMethods.Produce,
            service is null ? null! : new DuplexStreamingServerMethod<ProduceFrame, ProduceResponse>(service.Produce));
    }

    [BindServiceMethod(typeof(ProduceContract), nameof(BindService))]
    public abstract class Base
    {
        public abstract Task<InitProducerResponse> InitProducer(InitProducerRequest request, ServerCallContext context);

        public abstract Task Produce(
            IAsyncStreamReader<ProduceFrame> requestStream, IServerStreamWriter<ProduceResponse> responseStream, ServerCallContext context);

        public abstract Task<AppendResponse> Append(AppendRequest request, ServerCallContext context);
    }
}
