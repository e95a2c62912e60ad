using System.Collections.Concurrent;

namespace Broker.Records.Compression;

/// <summary>Keeps as many idle contexts as there are processors; more than that are disposed when they come back.</summary>
internal sealed class ContextPool<T>(Func<T> create)
    where T : class, IDisposable
{
    private static readonly int IdleCountMax = Environment.ProcessorCount;

    private readonly ConcurrentQueue<T> _idle = new();

    public T Rent() => _idle.TryDequeue(out T? context) ? context : create();

    public void Return(T context)
    {
        if (_idle.Count >= IdleCountMax)
        {
            context.Dispose();
            return;
        }

        _idle.Enqueue(context);
    }
}
