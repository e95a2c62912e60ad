namespace Broker.Storage;

/// <summary>
/// How far the journal is: written (handed to the operating system) and visible (on disk, applied, readable). One thread
/// advances it; any thread reads and waits.
/// </summary>
internal sealed class LsnProgress
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _visibleWaiters = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _writtenWaiters = new();
    private LsnSubscription[] _subscriptions = [];
    private long _writtenLsn;
    private long _visibleLsn;
    private StorageException? _failure;

    public LsnProgress(long start)
    {
        _writtenLsn = start;
        _visibleLsn = start;
    }

    /// <summary>The newest entry that survives a crash of this process.</summary>
    public long WrittenLsn => Volatile.Read(ref _writtenLsn);

    /// <summary>The newest entry that is on disk and in effect.</summary>
    public long VisibleLsn => Volatile.Read(ref _visibleLsn);

    /// <summary>Why nothing will advance any more; the outcome of what is still waiting is unknown.</summary>
    public StorageException? Failure => Volatile.Read(ref _failure);

    /// <summary>Called back after any advance, for as long as the subscription lives.</summary>
    public LsnSubscription Subscribe()
    {
        var subscription = new LsnSubscription(this);
        lock (_gate)
        {
            _subscriptions = [.. _subscriptions, subscription];
        }

        if (Failure is not null)
        {
            subscription.Signal();
        }

        return subscription;
    }

    /// <summary>Completes when the entry is on disk and in effect; fails when it never will be known to be.</summary>
    public ValueTask WaitVisibleAsync(long lsn, CancellationToken cancellationToken) =>
        lsn <= VisibleLsn ? ValueTask.CompletedTask : WaitAsync(_visibleWaiters, lsn, visible: true, cancellationToken);

    /// <summary>Completes when the entry was handed to the operating system.</summary>
    public ValueTask WaitWrittenAsync(long lsn, CancellationToken cancellationToken) =>
        lsn <= WrittenLsn ? ValueTask.CompletedTask : WaitAsync(_writtenWaiters, lsn, visible: false, cancellationToken);

    internal void AdvanceWritten(long lsn) => Advance(ref _writtenLsn, _writtenWaiters, lsn);

    internal void AdvanceVisible(long lsn) => Advance(ref _visibleLsn, _visibleWaiters, lsn);

    internal void Fail(Exception cause)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            // Whatever it was, a library that cannot be loaded or a bug of our own: to those who wait it is one thing.
            StorageException failure = cause as StorageException ?? new StorageException(cause.GetBaseException().Message, cause);
            Volatile.Write(ref _failure, failure);
            FailAll(_visibleWaiters, failure);
            FailAll(_writtenWaiters, failure);
        }

        SignalAll();
    }

    internal void Remove(LsnSubscription subscription)
    {
        lock (_gate)
        {
            _subscriptions = [.. _subscriptions.Where(s => s != subscription)];
        }
    }

    private static void FailAll(PriorityQueue<TaskCompletionSource, long> waiters, StorageException failure)
    {
        while (waiters.TryDequeue(out TaskCompletionSource? waiter, out _))
        {
            waiter.TrySetException(failure);
        }
    }

    private void Advance(ref long field, PriorityQueue<TaskCompletionSource, long> waiters, long lsn)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            Volatile.Write(ref field, lsn);
            while (waiters.TryPeek(out TaskCompletionSource? waiter, out long waitsFor) && waitsFor <= lsn)
            {
                waiters.Dequeue();
                waiter.TrySetResult();
            }
        }

        SignalAll();
    }

    private void SignalAll()
    {
        foreach (LsnSubscription subscription in Volatile.Read(ref _subscriptions))
        {
            subscription.Signal();
        }
    }

    private async ValueTask WaitAsync(
        PriorityQueue<TaskCompletionSource, long> waiters, long lsn, bool visible, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                throw new StorageException(failure.Message, failure);
            }

            if (lsn <= (visible ? _visibleLsn : _writtenLsn))
            {
                return;
            }

            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Enqueue(waiter, lsn);
        }

        await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
