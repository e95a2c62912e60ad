namespace Broker.Engine.State;

/// <summary>All stored state of one checkpoint, in unmanaged memory while a broker starts or a snapshot is made.</summary>
internal sealed class StoredState(StateChanges changes) : IDisposable
{
    private readonly Dictionary<StateFamily, StoredFamily> _families = [];
    private int[][]? _places;

    public StoredState()
        : this(new StateChanges())
    {
    }

    public Checkpoint Checkpoint => Family(StateFamily.Meta) is [var only] ? Checkpoint.Read(only.Value.Span) : Checkpoint.None;

    /// <summary>Nothing was ever stored.</summary>
    public bool IsEmpty => changes.IsEmpty;

    /// <summary>Whether one copy of the state is of a later checkpoint than the other; none and an empty one never are.</summary>
    public static bool IsNewer(StoredState? state, StoredState? than) =>
        state is { IsEmpty: false } && state.Checkpoint.Position.Lsn > (than?.Checkpoint.Position.Lsn ?? -1);

    /// <summary>What there is of one kind, in the order of the keys.</summary>
    public StoredFamily Family(StateFamily family)
    {
        if (!_families.TryGetValue(family, out StoredFamily? puts))
        {
            puts = new StoredFamily(changes, [.. PlacesOf(family)]);
            _families.Add(family, puts);
        }

        return puts;
    }

    /// <summary>All changes of one kind in the order in which they were written, for who can do without sorting a million.</summary>
    /// <returns>Places, for <see cref="At"/>.</returns>
    public ReadOnlySpan<int> PlacesOf(StateFamily family) => (_places ??= changes.PlacesByFamily())[(int)family];

    public StateChange At(int place) => changes.At(place);

    /// <summary>Adds the changes of a later checkpoint, an intact record.</summary>
    public void Apply(ReadOnlySpan<byte> record)
    {
        changes.AddRecord(record);
        _families.Clear();
        _places = null;
    }

    public StateChanges AsPuts()
    {
        var puts = new StateChanges();
        foreach (StateFamily family in Enum.GetValues<StateFamily>())
        {
            foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in Family(family))
            {
                puts.Put(family, key, value);
            }
        }

        return puts;
    }

    public void Dispose() => changes.Dispose();
}
