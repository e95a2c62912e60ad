namespace Broker.Storage.Workers;

/// <summary>A thread for each worker.</summary>
internal sealed class ThreadWorkers : IWorkers
{
    public IWorker Start(string name) => new ThreadWorker(name);

    public void Pause(TimeSpan duration, CancellationToken stop) => stop.WaitHandle.WaitOne(duration);
}
