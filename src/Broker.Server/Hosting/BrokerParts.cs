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
    private readonly SharedServices _shared;

    private BrokerParts(HostGround ground, SharedServices shared, WebApplication application)
    {
        _ground = ground;
        _shared = shared;
        Application = application;
        Logger = new SerilogLoggerFactory(ground.Log).CreateLogger("Broker");
        // Not where nobody can ask: prometheus-net keeps what it calls for a page, and with it the engine, as long as this thread lives.
        if (ground.Meters is not null)
        {
            DotNetStats.Register(ground.Registry);
            _ = new EngineMetrics(ground.Registry, shared.Engine, shared.ProduceBudget, BrokerFacts.Version);
        }
    }

    public BrokerEngine Engine => _shared.Engine;

    public WebApplication Application { get; }

    public BrokerHealth Health => _shared.Health;

    public BrokerFacts Facts => _shared.Facts;

    public StreamRegistry Streams => _shared.Streams;

    public FatalError Fatal => _shared.Fatal;

    public ILogger Logger { get; }

    /// <summary>What the data may be lost by where it is kept.</summary>
    private string? PlaceRemark { get; init; }

    /// <param name="transport">Disposed with the parts, also when they cannot be opened.</param>
    /// <exception cref="BrokerStartException">The data directory cannot be used.</exception>
    public static BrokerParts Open(BrokerSettings settings, BrokerHostOptions options, ITransport transport)
    {
        PooledBuffer.Prepare(PreparedMessageBytes, PreparedMessages);
        PooledBuffer.Prepare(ColdReadBytes, count: 2);
        HostGround ground = HostGround.Open(settings, options, transport);
        var shared = new SharedServices(settings, ground.Registry, options.Time);
        // Putting the application together takes about as long as reading the journal: side by side.
        Task<WebApplication> application = Task.Factory.StartNew(
            () => BrokerApplication.Build(settings, shared, transport, ground.Log),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            string? remark = options.Environment is null ? DataPlace.Check(settings) : null;
            BrokerEngine engine = options.Environment is { } environment
                ? BrokerEngine.Open(settings.ToEngineOptions(), environment)
                : BrokerEngine.Open(settings.ToEngineOptions(), options.Time);
            shared.Attach(engine, options.BatchLog(engine));
            return new BrokerParts(ground, shared, application.GetAwaiter().GetResult()) { PlaceRemark = remark };
        }
        catch (Exception e)
        {
            LetGo(shared, application).GetAwaiter().GetResult();
            ground.Dispose();
            if (e is StorageException or IOException or UnauthorizedAccessException)
            {
                throw new BrokerStartException(DataPlace.WhyUnusable(settings, e), e);
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
        if (PlaceRemark is not null)
        {
            Log.PlaceRemark(Logger, PlaceRemark);
        }

        Engine.Notes.Follow(note => Log.RecoveryNote(Logger, note));

        if (Engine.Recovery.TornTail is { } torn)
        {
            Log.RecoveryNote(Logger, $"The journal ended in a write that was cut off, in {torn}: it was never acknowledged as durable, and is gone.");
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

    private static async Task LetGo(SharedServices shared, Task<WebApplication> application)
    {
        await ((Task)application).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (application.IsCompletedSuccessfully)
        {
            await (await application.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }

        if (shared.IsAttached)
        {
            await shared.Engine.DisposeAsync().ConfigureAwait(false);
        }
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
