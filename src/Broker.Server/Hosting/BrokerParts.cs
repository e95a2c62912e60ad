using Broker.Engine;
using Broker.Records;
using Broker.Server.Configuration;
using Broker.Server.Streams;
using Broker.Server.Telemetry;
using Broker.Storage;
using Microsoft.AspNetCore.Builder;
using Prometheus;
using Serilog.Extensions.Logging;
using ILogger = Microsoft.Extensions.Logging.ILogger;

namespace Broker.Server.Hosting;

/// <summary>The parts of a broker, put together in order and not yet serving.</summary>
internal sealed class BrokerParts : IAsyncDisposable
{
    // What the SDK's defaults have under way on one connection: 20 messages of 128 KiB, and some on their way in.
    private const int PreparedMessages = 28;
    private const int PreparedMessageBytes = 128 << 10;

    // What a reader of data that has left the page cache goes through.
    private const int ColdReadBytes = 512 << 10;

    private readonly HostGround _ground;

    private BrokerParts(BrokerSettings settings, BrokerHostOptions options, HostGround ground, BrokerEngine engine)
    {
        _ground = ground;
        Engine = engine;
        Logger = new SerilogLoggerFactory(ground.Log).CreateLogger("Broker");
        Facts = new BrokerFacts(settings, engine, options.Time);
        Health = new BrokerHealth(engine);
        Streams = new StreamRegistry(options.Time);
        var budget = new ByteBudget(settings.Number("limits.produce_bytes_in_flight"));
        DotNetStats.Register(ground.Registry);
        _ = new EngineMetrics(ground.Registry, engine, budget, BrokerFacts.Version);
        var shared = new SharedServices(
            engine, Facts, Health, Streams, budget, new ServerMetrics(ground.Registry), ground.Registry, options.Time, Fatal);
        Application = BrokerApplication.Build(settings, shared, ground.Sockets, ground.Log);
    }

    public BrokerEngine Engine { get; }

    public WebApplication Application { get; }

    public BrokerHealth Health { get; }

    public BrokerFacts Facts { get; }

    public StreamRegistry Streams { get; }

    public FatalError Fatal { get; } = new();

    public ListenSockets Sockets => _ground.Sockets;

    public ILogger Logger { get; }

    /// <exception cref="BrokerStartException">A port or the data directory cannot be used.</exception>
    public static BrokerParts Open(BrokerSettings settings, BrokerHostOptions options)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new BrokerStartException(
                "The broker itself does not run on Windows: use its container, or WSL 2. Clients and commands do.");
        }

        PooledBuffer.Prepare(PreparedMessageBytes, PreparedMessages);
        PooledBuffer.Prepare(ColdReadBytes, count: 2);
        HostGround ground = HostGround.Open(settings, options);
        BrokerEngine? engine = null;
        try
        {
            engine = BrokerEngine.Open(settings.ToEngineOptions(), options.Time);
            return new BrokerParts(settings, options, ground, engine);
        }
        catch (Exception e)
        {
            engine?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            ground.Dispose();
            if (e is StorageException or IOException or UnauthorizedAccessException)
            {
                throw new BrokerStartException(e.Message, e);
            }

            throw;
        }
    }

    /// <summary>Calls are answered from now on.</summary>
    public async Task StartAsync()
    {
        await Application.StartAsync().ConfigureAwait(false);
        Streams.Start();
        Health.IsServing = true;
        Engine.Notes.Follow(note => Log.RecoveryNote(Logger, note));

        if (Engine.Recovery.TornTail is { } torn)
        {
            Log.RecoveryNote(Logger, torn);
        }
    }

    /// <summary>Lets go of everything, each within the timeout: first the callers, then the ports, then the data directory.</summary>
    /// <returns>True when the journal is whole and closed: the next start has nothing to recover.</returns>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        Health.IsServing = false;
        await Streams.StopAsync(timeout).ConfigureAwait(false);
        using (var patience = new CancellationTokenSource(timeout))
        {
            await Application.StopAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Application.DisposeAsync().ConfigureAwait(false);
        return await TryCloseEngineAsync(timeout).ConfigureAwait(false) && Engine.Progress.Failure is null;
    }

    public async ValueTask DisposeAsync()
    {
        await Application.DisposeAsync().ConfigureAwait(false);
        await Engine.DisposeAsync().ConfigureAwait(false);
        await Streams.DisposeAsync().ConfigureAwait(false);
        _ground.Dispose();
    }

    private async Task<bool> TryCloseEngineAsync(TimeSpan timeout)
    {
        try
        {
            await Engine.DisposeAsync().AsTask().WaitAsync(timeout).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            Log.CloseTimedOut(Logger, timeout);
        }
        catch (StorageException e)
        {
            Log.CloseFailed(Logger, e.Message);
        }

        return false;
    }
}
