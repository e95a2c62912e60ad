using Broker.Client.Testing.Disk;
using Broker.Client.Testing.Transport;
using Broker.Engine;
using Broker.Server.Configuration;
using Broker.Server.Hosting;

namespace Broker.Client.Testing.Hosting;

/// <summary>One run of a broker on a disk in memory, from its start to its end.</summary>
internal sealed class BrokerRun
{
    private readonly BrokerParts _parts;
    private readonly TimeSpan _stopTimeout;

    private BrokerRun(BrokerParts parts, InMemoryTransport transport, TimeSpan stopTimeout)
    {
        _parts = parts;
        Transport = transport;
        _stopTimeout = stopTimeout;
    }

    public InMemoryTransport Transport { get; }

    /// <summary>Recovers what the disk holds, and serves when this returns.</summary>
    /// <param name="clock">Decides dates and what the engine does from time to time.</param>
    public static async Task<BrokerRun> StartAsync(
        BrokerSettings settings, TimeProvider clock, TextWriter log, MemoryDisk disk, StateStoreMedium stateStore)
    {
        var transport = new InMemoryTransport();
        var settling = new SettlingClock(clock);
        var options = new BrokerHostOptions
        {
            Log = log,
            Time = WallClock.Of(clock),
            Environment = new EngineEnvironment { Time = settling, Disk = disk, StateStore = _ => new MemoryStateStore(stateStore) },
        };
        BrokerParts parts = BrokerParts.Open(settings, options, transport);
        try
        {
            settling.Follow(parts.Engine);
            await parts.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await parts.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new BrokerRun(parts, transport, settings.Duration("shutdown.timeout"));
    }

    /// <summary>Ends in order: streams, calls, then the engine, which leaves nothing to recover.</summary>
    public async Task StopAsync()
    {
        await _parts.StopAsync(_stopTimeout).ConfigureAwait(false);
        await _parts.DisposeAsync().ConfigureAwait(false);
    }
}
