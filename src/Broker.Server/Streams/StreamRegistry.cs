using System.Collections.Concurrent;

namespace Broker.Server.Streams;

/// <summary>Every open stream, with one clock for all of them and one way to end them.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class StreamRegistry(TimeProvider time) : IAsyncDisposable
{
    /// <summary>Bounds how late a heartbeat is.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Between the end of the last stream and the end of its connection: a client that sees the connection close before it
    /// has read the stream's status reports a broken connection in place of that status.
    /// </summary>
    private static readonly TimeSpan StatusGrace = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<ITickable, byte> _streams = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;

    /// <summary>Set when streams shall end because the broker stops.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public void Start() =>
        _timer = time.CreateTimer(static state => ((StreamRegistry)state!).Tick(), this, TickInterval, TickInterval);

    public void Add(ITickable stream) => _streams.TryAdd(stream, 0);

    public void Remove(ITickable stream)
    {
        _streams.TryRemove(stream, out _);
        SignalWhenEmpty();
    }

    /// <summary>Ends all streams and waits until their clients could read why.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        bool hadStreams = !_streams.IsEmpty;
        await _stopping.CancelAsync().ConfigureAwait(false);
        SignalWhenEmpty();
        try
        {
            await _empty.Task.WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return;
        }

        if (hadStreams)
        {
            await Task.Delay(StatusGrace, time).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_timer is { } timer)
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    private void SignalWhenEmpty()
    {
        if (_stopping.IsCancellationRequested && _streams.IsEmpty)
        {
            _empty.TrySetResult();
        }
    }

    private void Tick()
    {
        foreach ((ITickable stream, _) in _streams)
        {
            stream.Tick();
        }
    }
}
