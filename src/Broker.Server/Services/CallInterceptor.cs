using Broker.Records;
using Broker.Server.Hosting;
using Broker.Server.Telemetry;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace Broker.Server.Services;

/// <summary>Turns refusals and failures of every call into gRPC statuses, and measures unary calls.</summary>
internal sealed class CallInterceptor(
    ServerMetrics metrics, TimeProvider time, FatalError fatal, ILogger<CallInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        long started = time.GetTimestamp();
        var status = StatusCode.OK;
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            RpcException mapped = Map(e, context);
            status = mapped.StatusCode;
            throw mapped;
        }
        finally
        {
            metrics.Requested(context.Method, status, time.GetElapsedTime(started));
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Map(e, context);
        }
    }

    private RpcException Map(Exception e, ServerCallContext context)
    {
        if (ErrorMap.TryMap(e) is { } mapped)
        {
            return mapped;
        }

        // The client is gone: nobody reads the status, and nothing is wrong here. Our own files never fail with IOException.
        if (e is OperationCanceledException or IOException
            || (context.CancellationToken.IsCancellationRequested && e is InvalidOperationException))
        {
            return new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
        }

        Log.CallFailed(logger, e, context.Method);
        if (e is InvariantException)
        {
            fatal.Raise(e);
        }

        return new RpcException(new Status(StatusCode.Internal, "An error of the broker; its log says more."));
    }
}
