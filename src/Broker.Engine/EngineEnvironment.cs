using Broker.Engine.State;
using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Engine;

/// <summary>What the engine meets outside itself. A simulation puts its own in place of each, and so decides what happens when.</summary>
internal sealed record EngineEnvironment
{
    public required TimeProvider Time { get; init; }

    /// <summary>The real one is not touched where another takes its place: there it need not exist.</summary>
    public IDisk Disk
    {
        get => field ??= new PosixDisk();
        init;
    }

    public IWorkers Workers { get; init; } = new ThreadWorkers();

    /// <summary>Makes the state store that lives in a directory, without opening it.</summary>
    public Func<string, IStateStore> StateStore { get; init; } = path => new RocksStateStore(path);

    /// <summary>Gives ids that were never given before.</summary>
    public Func<DateTimeOffset, Guid> NewId { get; init; } = Guid.CreateVersion7;

    /// <summary>False when whoever opened the engine runs the journal itself, one group at a time.</summary>
    public bool RunsJournal { get; init; } = true;
}
