namespace Broker.EndToEnd.Faults;

/// <summary>Holds all producers back while the log is being checked.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class LoadSwitch
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _paused;

    public void Pause()
    {
        lock (_gate)
        {
            _paused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Resume()
    {
        lock (_gate)
        {
            _paused?.SetResult();
            _paused = null;
        }
    }

    /// <summary>Completes at once unless paused; then on the next <see cref="Resume"/>.</summary>
    public Task WaitAsync()
    {
        lock (_gate)
        {
            return _paused?.Task ?? Task.CompletedTask;
        }
    }
}
