using Broker.Simulation.Disk;
using Broker.Storage.Workers;

namespace Broker.Simulation.Schedule;

/// <summary>The workers of one life of the engine.</summary>
internal sealed class SimulatedWorkers(SimulatedDisk disk) : IWorkers
{
    private readonly List<SimulatedWorker> _workers = [];

    public SimulatedDisk Disk => disk;

    public bool IsBusy(string name) => _workers.Exists(w => w.Name == name && w.IsBusy);

    /// <summary>Whether the crash came while this worker was at work.</summary>
    public bool EndedWithin(string name) => _workers.Exists(w => w.Name == name && w.WasInterrupted);

    public IWorker Start(string name)
    {
        var worker = new SimulatedWorker(this, name);
        _workers.Add(worker);
        return worker;
    }

    public void Remove(SimulatedWorker worker) => _workers.Remove(worker);

    /// <summary>Nothing else would free space: so waiting does.</summary>
    public void Pause(TimeSpan duration, CancellationToken stop)
    {
        disk.ThrowIfCrashed();
        disk.FullFor = Math.Max(0, disk.FullFor - 1);
    }

    /// <summary>Workers that can begin their next piece: not one that is at work, nor one that would wait for it.</summary>
    public List<SimulatedWorker> Runnable()
    {
        bool copyIsBusy = IsBusy("state copy");
        return _workers.FindAll(w => w.HasWork && !w.IsBusy && !(copyIsBusy && w.Name == "checkpoint"));
    }
}
