namespace Broker.Engine.State;

/// <summary>Keeps the state of the newest checkpoint. Not the truth: what is lost here is made again from the snapshot log.</summary>
internal interface IStateStore : IDisposable
{
    /// <returns>The checkpoint that the state belongs to; null as <see cref="Load"/>.</returns>
    Checkpoint? ReadCheckpoint(out string? problem);

    /// <returns>Everything stored; null when there is nothing, or it cannot be read (then <paramref name="problem"/> says why).</returns>
    StoredState? Load(out string? problem);

    /// <summary>Makes all changes durable, all or none.</summary>
    void Write(StateChanges changes);

    /// <summary>Replaces everything stored.</summary>
    void Replace(StoredState state);
}
