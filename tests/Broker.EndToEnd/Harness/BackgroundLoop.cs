namespace Broker.EndToEnd.Harness;

/// <summary>Work that goes on beside everything else until it is told to stop.</summary>
internal sealed class BackgroundLoop : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Cancelled when the work is to end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Ends with what the work could not go on after.</summary>
    public Task Work { get; private set; } = Task.CompletedTask;

    public void Start(Func<Task> work) => Work = Task.Run(work);

    /// <summary>Returns when the work has ended.</summary>
    /// <exception cref="Exception">What it could not go on after.</exception>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Work;
    }

    /// <summary>Ends the work, whatever comes of it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Work.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _stopping.Dispose();
    }
}
