namespace Broker.Client.Producing;

/// <summary>Bounds the bytes of all records that a producer holds. Counts whole buffers, not records.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class MemoryBudget
{
    // Waiters come back when a quarter is free, not for each small batch, but see WaitAsync for larger wishes.
    private readonly long _comfortableBytes;
    private readonly Lock _gate = new();
    private TaskCompletionSource? _freed;
    private long _freeBytes;
    private long _wantedBytes;

    public MemoryBudget(long bytesMax)
    {
        BytesMax = bytesMax;
        _comfortableBytes = bytesMax / 4;
        _freeBytes = bytesMax;
    }

    public long BytesMax { get; }

    public long UsedBytes => BytesMax - Volatile.Read(ref _freeBytes);

    /// <summary>True from a refusal until there is comfortable room again: then records should not linger.</summary>
    public bool IsTight => Volatile.Read(ref _wantedBytes) != 0;

    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _freeBytes, -bytes) >= 0)
        {
            return true;
        }

        Volatile.Write(ref _wantedBytes, Math.Max(bytes, _comfortableBytes));
        Release(bytes);
        return false;
    }

    public void Release(long bytes)
    {
        Interlocked.Add(ref _freeBytes, bytes);
        if (IsTight)
        {
            WakeWaiters();
        }
    }

    /// <summary>Waits until what was refused last would fit.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        Task freed;
        lock (_gate)
        {
            if (!IsTight)
            {
                return Task.CompletedTask;
            }

            _freed ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            freed = _freed.Task;
        }

        // What was released in between may have been the last release there is.
        WakeWaiters();
        return freed.WaitAsync(cancellationToken);
    }

    private void WakeWaiters()
    {
        TaskCompletionSource? freed;
        lock (_gate)
        {
            if (Volatile.Read(ref _freeBytes) < Volatile.Read(ref _wantedBytes))
            {
                return;
            }

            Volatile.Write(ref _wantedBytes, 0);
            freed = _freed;
            _freed = null;
        }

        freed?.TrySetResult();
    }
}
