using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>
/// Binds the unary methods of a generated service and leaves its streams out: those are bound with their own marshallers.
/// </summary>
internal sealed class UnaryBinder(ServiceBinderBase inner) : ServiceBinderBase
{
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(method, handler!);

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
    }
}
