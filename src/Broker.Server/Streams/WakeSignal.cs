using System.Threading.Tasks.Sources;

namespace Broker.Server.Streams;

/// <summary>Wakes one waiter; a signal without a waiter is kept for the next wait. Waiting allocates nothing.</summary>
/// <remarks><see cref="Signal"/> from any thread, one waiter at a time.</remarks>
internal sealed class WakeSignal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private bool _isSignalled;
    private bool _isWaiting;

    public void Signal()
    {
        lock (_gate)
        {
            if (!_isWaiting)
            {
                _isSignalled = true;
                return;
            }

            _isWaiting = false;
        }

        _source.SetResult(true);
    }

    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_isSignalled)
            {
                _isSignalled = false;
                return ValueTask.CompletedTask;
            }

            _source.Reset();
            _isWaiting = true;
            return new ValueTask(this, _source.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
