using System.Net;
using System.Net.Sockets;
using Broker.Client.Testing.Disk;
using Broker.Client.Testing.Hosting;
using Broker.Server.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Client.Testing;

/// <summary>
/// A broker for tests: the real one, with its engine, journal and services, on a disk in memory. It starts in milliseconds, needs
/// no process, no port and no file, follows a clock of its own and can be restarted and crashed.
/// </summary>
/// <remarks>Thread-safe. As many at the same time as wanted; each is alone.</remarks>
public sealed class InMemoryBroker : IAsyncDisposable
{
    private static readonly TimeSpan FirstContactTimeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly BrokerSettings _settings;
    private readonly TimeProvider _clock;
    private readonly TextWriter _log;
    private MemoryDisk _disk = new();
    private StateStoreMedium _stateStore = new();

    // Null once disposed; replaced under the gate.
    private volatile BrokerRun? _run;

    private InMemoryBroker(InMemoryBrokerOptions options)
    {
        _settings = InMemorySettings.Of(options.Settings);
        _clock = options.TimeProvider ?? new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        _log = TextWriter.Synchronized(options.Log);
    }

    /// <summary>
    /// The broker's clock: <c>broker.Time.Advance(TimeSpan.FromDays(8))</c> has it do all that is due by then, retention for example.
    /// Timeouts of clients and connections are the system's.
    /// </summary>
    /// <exception cref="InvalidOperationException">The options have another clock, which whoever made them controls.</exception>
    public FakeTimeProvider Time => _clock as FakeTimeProvider
        ?? throw new InvalidOperationException($"The broker follows the {_clock.GetType().Name} of its options.");

    /// <summary>Another one after each crash.</summary>
    internal MemoryDisk Disk => _disk;

    /// <summary>Starts a broker that is empty but for the topics of the options.</summary>
    /// <exception cref="ArgumentException">A setting is unknown, not allowed, or means nothing in memory.</exception>
    /// <exception cref="BrokerException">A topic cannot be created.</exception>
    public static async Task<InMemoryBroker> StartAsync(InMemoryBrokerOptions? options = null)
    {
        options ??= new InMemoryBrokerOptions();
        var broker = new InMemoryBroker(options);
        try
        {
            await broker.StartRunAsync().ConfigureAwait(false);
            await broker.CreateTopicsAsync(options.Topics).ConfigureAwait(false);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A client of this broker, which stays one over restarts and crashes.</summary>
    /// <param name="configure">Changes its options; where the broker is stays as it is.</param>
    public BrokerClient CreateClient(Action<BrokerClientOptions>? configure = null)
    {
        // The address cannot be wrong: who does not answer is being restarted.
        var options = new BrokerClientOptions { TimeProvider = WallClock.Of(_clock), FirstContactTimeout = FirstContactTimeout };
        configure?.Invoke(options);
        options.Server = "in-memory";
        options.Connect = ConnectAsync;
        return new BrokerClient(options);
    }

    /// <summary>Stops in order and starts again with the same data; clients wait and go on.</summary>
    public Task RestartAsync() => ReplaceRunAsync(async run =>
    {
        await run.StopAsync().ConfigureAwait(false);
        await StartRunAsync().ConfigureAwait(false);
    });

    /// <summary>
    /// Cuts the power and starts again: what was not synced is gone, of bytes and of names, and what was acknowledged as durable is
    /// there. Clients find their connections broken and go on.
    /// </summary>
    public Task CrashAsync() => ReplaceRunAsync(async run =>
    {
        // In this order: nothing is told that may be lost.
        run.Transport.Break();
        _stateStore = _stateStore.Copy();
        _disk = _disk.Copy();
        _disk.CutPower(chance: null);
        await StartRunAsync().ConfigureAwait(false);
        // It goes on, on a disk that nobody will see, until it is told.
        await run.StopAsync().ConfigureAwait(false);
    });

    /// <summary>Ends the broker and forgets its data. Dispose its clients before it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Interlocked.Exchange(ref _run, null) is { } run)
            {
                await run.StopAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task ReplaceRunAsync(Func<BrokerRun, Task> replace)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_run is null, this);
            await replace(_run).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task StartRunAsync() =>
        _run = await BrokerRun.StartAsync(_settings, _clock, _log, _disk, _stateStore).ConfigureAwait(false);

    private async Task CreateTopicsAsync(IDictionary<string, int> topics)
    {
        await using BrokerClient client = CreateClient();
        foreach ((string name, int partitionCount) in topics)
        {
            await client.Admin.CreateTopicAsync(name, partitionCount).ConfigureAwait(false);
        }
    }

    private ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, Action closed, CancellationToken cancellationToken) =>
        _run is { } run
            ? ValueTask.FromResult(run.Transport.Connect(closed))
            : throw new SocketException((int)SocketError.ConnectionRefused);
}
