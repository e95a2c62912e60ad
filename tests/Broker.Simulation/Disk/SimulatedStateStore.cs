using Broker.Engine.State;
using Broker.Simulation.Schedule;

namespace Broker.Simulation.Disk;

/// <summary>What a simulated state store keeps over the lives of the process. Each flush is there or not, as a whole.</summary>
internal sealed class StateStoreMedium
{
    private List<StateChange>? _before;

    public List<StateChange>? Content { get; private set; }

    public bool IsUnreadable { get; private set; }

    public StateStoreMedium Copy() => new() { _before = _before, Content = Content, IsUnreadable = IsUnreadable };

    public void Flush(List<StateChange>? content)
    {
        _before = Content;
        Content = content;
        IsUnreadable = false;
    }

    /// <summary>A power cut: the last flush may be lost, and now and then all of it, or it cannot be read.</summary>
    public void CutPower(Chance chance)
    {
        switch (chance.Below(20))
        {
            case 0:
                Content = null;
                break;
            case 1:
                IsUnreadable = true;
                break;
            case < 8:
                Content = _before;
                break;
            default:
                break;
        }

        _before = Content;
    }
}

/// <summary>One life of the store.</summary>
internal sealed class SimulatedStateStore(StateStoreMedium medium, SimulatedDisk disk) : IStateStore
{
    public Checkpoint? ReadCheckpoint(out string? problem) => Load(out problem)?.Checkpoint;

    public StoredState? Load(out string? problem)
    {
        disk.Before("store", "load", 0, 0);
        problem = medium.IsUnreadable ? "simulated damage" : null;
        if (medium.IsUnreadable || medium.Content is null)
        {
            return null;
        }

        var state = new StoredState();
        state.Apply(medium.Content);
        return state;
    }

    public void Write(IReadOnlyList<StateChange> changes)
    {
        disk.BeforeOpen("store", "write", changes.Count, 0);
        var state = new StoredState();
        state.Apply(medium.Content ?? []);
        state.Apply(changes);
        medium.Flush([.. state.AsPuts()]);
        disk.After();
        disk.Yield();
    }

    public void Replace(StoredState state)
    {
        medium.Flush(null);
        Write([.. state.AsPuts()]);
    }

    public void Dispose()
    {
    }
}
