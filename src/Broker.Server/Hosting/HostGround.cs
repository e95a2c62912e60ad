using Broker.Server.Configuration;
using Broker.Server.Telemetry;
using Prometheus;
using Serilog.Core;

namespace Broker.Server.Hosting;

/// <summary>What a broker stands on before it has an engine: ports, log, and the meters' listener.</summary>
internal sealed class HostGround : IDisposable
{
    private HostGround(ListenSockets sockets, Logger log)
    {
        Sockets = sockets;
        Log = log;
        Registry = Metrics.NewCustomRegistry();
        Meters = new MeterBridge(Registry);
    }

    public ListenSockets Sockets { get; }

    public Logger Log { get; }

    public CollectorRegistry Registry { get; }

    /// <summary>There before the engine, so that no instrument is missed.</summary>
    public MeterBridge Meters { get; }

    /// <exception cref="BrokerStartException">A port cannot be used.</exception>
    public static HostGround Open(BrokerSettings settings, BrokerHostOptions options) =>
        new(ListenSockets.Bind(settings), LogSetup.Create(settings, options.Log));

    public void Dispose()
    {
        Sockets.Dispose();
        Meters.Dispose();
        Log.Dispose();
    }
}
