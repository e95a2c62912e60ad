using System.Collections.Concurrent;

namespace Broker.Server.Streams;

/// <summary>Every open stream, with one clock for all of them.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class StreamRegistry(TimeProvider time) : IAsyncDisposable
{
    /// <summary>Bounds how late a heartbeat is.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ITickable, byte> _streams = new();
    private ITimer? _timer;

    public void Start() =>
        _timer = time.CreateTimer(static state => ((StreamRegistry)state!).Tick(), this, TickInterval, TickInterval);

    public void Add(ITickable stream) => _streams.TryAdd(stream, 0);

    public void Remove(ITickable stream) => _streams.TryRemove(stream, out _);

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Tick()
    {
        foreach ((ITickable stream, _) in _streams)
        {
            stream.Tick();
        }
    }
}
