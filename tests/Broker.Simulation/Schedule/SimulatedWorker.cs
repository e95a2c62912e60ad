using Broker.Storage.Workers;

namespace Broker.Simulation.Schedule;

/// <summary>A worker whose work is done when the schedule says so.</summary>
internal sealed class SimulatedWorker(SimulatedWorkers owner, string name) : IWorker
{
    private readonly Queue<Action> _posted = new();

    public string Name => name;

    public bool IsBusy { get; private set; }

    public bool WasInterrupted { get; private set; }

    public bool HasWork => _posted.Count > 0;

    public void Post(Action work) => _posted.Enqueue(work);

    public void WaitUntil(Func<bool> condition)
    {
        while (!condition())
        {
            owner.Disk.ThrowIfCrashed();
            if (IsBusy || !HasWork)
            {
                throw new Violation($"Waiting for the worker '{name}' would never end.");
            }

            RunNext();
        }
    }

    public void RunNext()
    {
        IsBusy = true;
        try
        {
            _posted.Dequeue()();
        }
        finally
        {
            IsBusy = false;
            WasInterrupted |= owner.Disk.IsCrashed;
        }

        owner.Disk.ThrowIfCrashed();
    }

    public void Dispose()
    {
        while (HasWork && !IsBusy && !owner.Disk.IsCrashed)
        {
            RunNext();
        }

        _posted.Clear();
        owner.Remove(this);
    }
}
