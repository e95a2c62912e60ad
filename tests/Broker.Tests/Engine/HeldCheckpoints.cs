using Broker.Storage.Workers;

namespace Broker.Tests.Engine;

/// <summary>Threads like a broker's, but that no checkpoint is made before somebody says so.</summary>
internal sealed class HeldCheckpoints : IWorkers, IDisposable
{
    private readonly ThreadWorkers _threads = new();
    private readonly ManualResetEventSlim _released = new();

    public void Release() => _released.Set();

    public void Dispose() => _released.Dispose();

    public IWorker Start(string name) => name == "checkpoint" ? new Held(_threads.Start(name), _released) : _threads.Start(name);

    public void Pause(TimeSpan duration, CancellationToken stop) => _threads.Pause(duration, stop);

    private sealed class Held(IWorker worker, ManualResetEventSlim released) : IWorker
    {
        public void Post(Action work) => worker.Post(() =>
        {
            released.Wait();
            work();
        });

        public void WaitUntil(Func<bool> condition) => worker.WaitUntil(condition);

        public void Dispose()
        {
            released.Set();
            worker.Dispose();
        }
    }
}
