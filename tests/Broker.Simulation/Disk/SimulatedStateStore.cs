using Broker.Client.Testing.Disk;
using Broker.Engine.State;

namespace Broker.Simulation.Disk;

/// <summary>One life of a state store, whose calls the schedule sees.</summary>
internal sealed class SimulatedStateStore(StateStoreMedium medium, SimulatedDisk disk) : IStateStore
{
    private readonly MemoryStateStore _store = new(medium);

    public Checkpoint? ReadCheckpoint(out string? problem) => Load(out problem)?.Checkpoint;

    public StoredState? Load(out string? problem)
    {
        disk.Before("store", "load", 0, 0);
        return _store.Load(out problem);
    }

    public void Write(StateChanges changes)
    {
        disk.BeforeOpen("store", "write", changes.Count, 0);
        _store.Write(changes);
        disk.After();
        disk.Yield();
    }

    public void Replace(StoredState state)
    {
        medium.Flush(null);
        using StateChanges puts = state.AsPuts();
        Write(puts);
    }

    public void Dispose() => _store.Dispose();
}
