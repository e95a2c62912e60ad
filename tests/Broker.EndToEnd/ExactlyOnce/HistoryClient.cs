using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>A client that works by itself, through any number of ends of the broker, and writes each of its calls to a history.</summary>
internal abstract class HistoryClient : IAsyncDisposable
{
    private const int CounterBits = 40;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly BackgroundLoop _loop = new();
    private readonly long _values;
    private long _counter;

    /// <param name="name">What it calls itself; its transactional id, if it has one.</param>
    protected HistoryClient(ClientSettings settings, string name)
    {
        (Settings, Name) = (settings, name);
        Process = new HistoryProcess(settings);
        Client = settings.Connect(name);
        Random = new Random(unchecked((int)settings.Seed * 397) ^ Process.Number);
        _values = (long)Process.Number << CounterBits;
    }

    protected ClientSettings Settings { get; }

    protected string Name { get; }

    protected HistoryProcess Process { get; }

    protected BrokerClient Client { get; }

    protected Random Random { get; }

    /// <summary>Cancelled when it is to end: nothing new is begun.</summary>
    protected CancellationToken Stopping => _loop.Stopping;

    public void Start() => _loop.Start(RunAsync);

    /// <summary>Returns when its last call has ended.</summary>
    /// <exception cref="Exception">What it could not go on after.</exception>
    public Task StopAsync() => _loop.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        await CloseAsync();
        await Client.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Does one thing. What the broker answers with an error it is told of, and begins again.</summary>
    protected abstract Task StepAsync();

    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>A value that no other record has.</summary>
    protected long NextValue() => _values | _counter++;

    /// <summary>Waits, unless it is to stop.</summary>
    protected Task RestAsync(TimeSpan length) => Task.Delay(length, Stopping);

    private async Task RunAsync()
    {
        while (!Stopping.IsCancellationRequested)
        {
            try
            {
                await StepAsync();
            }
            catch (BrokerException error)
            {
                Debug.WriteLine($"{Name}: {error.Message}");
                await Task.Delay(Pause);
            }
            catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
            {
                // Asked to stop.
            }
        }
    }
}
