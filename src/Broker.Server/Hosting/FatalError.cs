namespace Broker.Server.Hosting;

/// <summary>An error of the broker itself, after which nothing it holds in memory can be trusted.</summary>
/// <remarks>Thread-safe. The first one counts.</remarks>
internal sealed class FatalError
{
    private readonly TaskCompletionSource<Exception> _raised = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Exception> Raised => _raised.Task;

    public void Raise(Exception cause) => _raised.TrySetResult(cause);
}
