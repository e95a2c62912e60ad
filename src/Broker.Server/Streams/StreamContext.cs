using Broker.Engine;
using Broker.Server.Services;
using Broker.Server.Telemetry;
using Grpc.Core;

namespace Broker.Server.Streams;

/// <summary>What every stream of a broker shares.</summary>
/// <param name="Log">Where batches go and come from: the engine's log.</param>
/// <param name="Stopping">Set when streams shall end because the broker stops.</param>
internal sealed record StreamContext(
    BrokerEngine Engine,
    IBatchLog Log,
    TimeProvider Time,
    ServerMetrics Metrics,
    ByteBudget ProduceBudget,
    StreamLimits Limits,
    CancellationToken Stopping)
{
    /// <summary>What a stream ends with when the broker stops. Everything that it had accepted was answered before.</summary>
    public RpcException StoppingError() => Log.Progress.Failure is { } failure
        ? ErrorMap.OutcomeUnknown(failure)
        : ErrorMap.ToRpcException(BrokerError.NotReady, "The broker is stopping. Connect again when it is back.");
}
