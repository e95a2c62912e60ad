namespace Broker.Server.Streams;

/// <summary>
/// Bounds the bytes that are in flight. Whoever finds it used up waits its turn: a stream is slowed down, never refused.
/// </summary>
/// <remarks>Thread-safe. Waiters are served in the order in which they came.</remarks>
internal sealed class ByteBudget(long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private long _takenBytes;

    public long TakenBytes => Volatile.Read(ref _takenBytes);

    /// <summary>Takes the bytes, now or when enough was given back. More than the whole budget is given when nothing else is out.</summary>
    public ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_waiters.Count == 0 && FitsLocked(bytes))
            {
                _takenBytes += bytes;
                return ValueTask.CompletedTask;
            }

            waiter = new Waiter(bytes);
            _waiters.AddLast(waiter);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    public void Release(long bytes)
    {
        lock (_gate)
        {
            _takenBytes -= bytes;
            ServeLocked();
        }
    }

    private bool FitsLocked(long bytes) => _takenBytes == 0 || _takenBytes + bytes <= bytesMax;

    private void ServeLocked()
    {
        while (_waiters.First is { } first && FitsLocked(first.Value.Bytes))
        {
            _waiters.RemoveFirst();
            _takenBytes += first.Value.Bytes;
            first.Value.Given.SetResult();
        }
    }

    private async ValueTask WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Given.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (!_waiters.Remove(waiter))
                {
                    _takenBytes -= waiter.Bytes;
                }

                // The one who gave up may have stood before smaller ones.
                ServeLocked();
            }

            throw;
        }
    }

    private sealed class Waiter(long bytes)
    {
        public long Bytes { get; } = bytes;

        public TaskCompletionSource Given { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
