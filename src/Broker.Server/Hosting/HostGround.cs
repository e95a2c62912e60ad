using Broker.Server.Configuration;
using Broker.Server.Telemetry;
using Prometheus;
using Serilog.Core;

namespace Broker.Server.Hosting;

/// <summary>What a broker stands on before it has an engine: transport, log, and the meters' listener.</summary>
internal sealed class HostGround : IDisposable
{
    private HostGround(ITransport transport, Logger log)
    {
        Transport = transport;
        Log = log;
        Registry = Metrics.NewCustomRegistry();
        Meters = transport.HttpEndPoint is null ? null : new MeterBridge(Registry);
    }

    public ITransport Transport { get; }

    public Logger Log { get; }

    public CollectorRegistry Registry { get; }

    /// <summary>There before the engine, so that no instrument is missed; null where nobody can ask for metrics.</summary>
    public MeterBridge? Meters { get; }

    public static HostGround Open(BrokerSettings settings, BrokerHostOptions options, ITransport transport) =>
        new(transport, LogSetup.Create(settings, options.Log));

    public void Dispose()
    {
        Transport.Dispose();
        Meters?.Dispose();
        Log.Dispose();
    }
}
