using Broker.Engine.State;

namespace Broker.Client.Testing.Disk;

/// <summary>A state store for the life of one broker.</summary>
internal sealed class MemoryStateStore(StateStoreMedium medium) : IStateStore
{
    public Checkpoint? ReadCheckpoint(out string? problem) => Load(out problem)?.Checkpoint;

    public StoredState? Load(out string? problem)
    {
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
        var state = new StoredState();
        state.Apply(medium.Content ?? []);
        state.Apply(changes);
        medium.Flush([.. state.AsPuts()]);
    }

    public void Replace(StoredState state) => medium.Flush([.. state.AsPuts()]);

    public void Dispose()
    {
    }
}
