using Broker.Engine;
using Broker.Server.Configuration;
using Broker.Server.Streams;
using Broker.Server.Telemetry;
using Broker.Storage;
using Microsoft.AspNetCore.Builder;
using Prometheus;
using Serilog.Core;
using Serilog.Extensions.Logging;
using ILogger = Microsoft.Extensions.Logging.ILogger;

namespace Broker.Server.Hosting;

/// <summary>The parts of a broker, put together in order and not yet serving.</summary>
internal sealed class BrokerParts : IAsyncDisposable
{
    private BrokerParts(
        BrokerEngine engine, WebApplication application, BrokerHealth health, BrokerFacts facts, MeterBridge meters,
        StreamRegistry streams, ListenSockets sockets, Logger log, ILogger logger)
    {
        Engine = engine;
        Application = application;
        Health = health;
        Facts = facts;
        Meters = meters;
        Streams = streams;
        Sockets = sockets;
        Log = log;
        Logger = logger;
    }

    public BrokerEngine Engine { get; }

    public WebApplication Application { get; }

    public BrokerHealth Health { get; }

    public BrokerFacts Facts { get; }

    public MeterBridge Meters { get; }

    public StreamRegistry Streams { get; }

    public ListenSockets Sockets { get; }

    public Logger Log { get; }

    public ILogger Logger { get; }

    /// <exception cref="BrokerStartException">A port or the data directory cannot be used.</exception>
    public static BrokerParts Open(BrokerSettings settings, BrokerHostOptions options)
    {
        ListenSockets sockets = ListenSockets.Bind(settings);
        Logger log = LogSetup.Create(settings, options.Log);
        var registry = Metrics.NewCustomRegistry();
        // Before the engine, so that no instrument is missed.
        var meters = new MeterBridge(registry);
        try
        {
            return Assemble(settings, options, sockets, log, registry, meters);
        }
        catch (Exception e)
        {
            meters.Dispose();
            log.Dispose();
            sockets.Dispose();
            throw e is StorageException or IOException or UnauthorizedAccessException ? new BrokerStartException(e.Message, e) : e;
        }
    }

    /// <summary>The ports answer from now on.</summary>
    public void Start()
    {
        Streams.Start();
        Health.IsServing = true;
    }

    public async ValueTask DisposeAsync()
    {
        await Application.DisposeAsync().ConfigureAwait(false);
        await Engine.DisposeAsync().ConfigureAwait(false);
        await Streams.DisposeAsync().ConfigureAwait(false);
        Meters.Dispose();
        Sockets.Dispose();
        await Log.DisposeAsync().ConfigureAwait(false);
    }

    private static BrokerParts Assemble(
        BrokerSettings settings, BrokerHostOptions options, ListenSockets sockets, Logger log, CollectorRegistry registry, MeterBridge meters)
    {
        var loggers = new SerilogLoggerFactory(log);
        ILogger logger = loggers.CreateLogger("Broker");
        BrokerEngine engine = BrokerEngine.Open(settings.ToEngineOptions(), options.Time);
        try
        {
            return Assemble(settings, options, sockets, log, registry, meters, engine, logger);
        }
        catch
        {
            engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    private static BrokerParts Assemble(
        BrokerSettings settings, BrokerHostOptions options, ListenSockets sockets, Logger log, CollectorRegistry registry, MeterBridge meters,
        BrokerEngine engine, ILogger logger)
    {
        foreach (string note in Notes(engine.Recovery))
        {
            Hosting.Log.RecoveryNote(logger, note);
        }

        var facts = new BrokerFacts(settings, engine, options.Time);
        var health = new BrokerHealth(engine);
        var budget = new ByteBudget(settings.Number("limits.produce_bytes_in_flight"));
        var streams = new StreamRegistry(options.Time);
        DotNetStats.Register(registry);
        _ = new EngineMetrics(registry, engine, budget, BrokerFacts.Version);
        var shared = new SharedServices(engine, facts, health, streams, budget, new ServerMetrics(registry), registry, options.Time);
        WebApplication application = BrokerApplication.Build(settings, shared, sockets, log);
        return new BrokerParts(engine, application, health, facts, meters, streams, sockets, log, logger);
    }

    private static IEnumerable<string> Notes(RecoveryReport recovery) =>
        recovery.TornTail is { } torn ? recovery.Notes.Prepend(torn) : recovery.Notes;
}
