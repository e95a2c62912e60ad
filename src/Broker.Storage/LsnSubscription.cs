using System.Threading.Tasks.Sources;

namespace Broker.Storage;

/// <summary>
/// Wakes one waiter after any progress of the journal since its last wait; progress in between is not lost. Waiting
/// allocates nothing. One waiter at a time.
/// </summary>
internal sealed class LsnSubscription : IValueTaskSource, IDisposable
{
    private readonly LsnProgress _progress;
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private bool _signalled;
    private bool _waiting;
    private CancellationTokenRegistration _cancellation;

    internal LsnSubscription(LsnProgress progress) => _progress = progress;

    /// <summary>Completes at once when there was progress since the last wait, else at the next.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_waiting)
            {
                throw new InvalidOperationException("A subscription has one waiter at a time.");
            }

            if (_signalled)
            {
                _signalled = false;
                return ValueTask.CompletedTask;
            }

            cancellationToken.ThrowIfCancellationRequested();
            _source.Reset();
            _waiting = true;
        }

        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((LsnSubscription)state!).Cancel(token), this);
        }

        return new ValueTask(this, _source.Version);
    }

    /// <summary>Wakes the waiter, or lets its next wait complete at once.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                _signalled = true;
                return;
            }

            _waiting = false;
        }

        _source.SetResult(true);
    }

    public void Dispose() => _progress.Remove(this);

    void IValueTaskSource.GetResult(short token)
    {
        _cancellation.Dispose();
        _cancellation = default;
        _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
        }

        _source.SetException(new OperationCanceledException(token));
    }
}
