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
        state.Apply(medium.Content.Record);
        return state;
    }

    public void Write(StateChanges changes)
    {
        using var state = new StoredState();
        if (medium.Content is not null)
        {
            state.Apply(medium.Content.Record);
        }

        state.Apply(changes.Record);
        medium.Flush(state.AsPuts());
    }

    public void Replace(StoredState state) => medium.Flush(state.AsPuts());

    public void Dispose()
    {
    }
}
