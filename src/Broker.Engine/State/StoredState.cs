namespace Broker.Engine.State;

/// <summary>All stored state of one checkpoint, in memory while a broker starts or a snapshot is made.</summary>
internal sealed class StoredState
{
    private readonly Dictionary<StateFamily, SortedDictionary<byte[], byte[]>> _families = [];

    public Checkpoint Checkpoint =>
        Family(StateFamily.Meta).TryGetValue(Checkpoint.Key, out byte[]? bytes) ? Checkpoint.Read(bytes) : Checkpoint.None;

    public int Count => _families.Values.Sum(f => f.Count);

    /// <summary>Whether one copy of the state is of a later checkpoint than the other; none and an empty one never are.</summary>
    public static bool IsNewer(StoredState? state, StoredState? than) =>
        state is { Count: > 0 } && state.Checkpoint.Position.Lsn > (than?.Checkpoint.Position.Lsn ?? -1);

    public SortedDictionary<byte[], byte[]> Family(StateFamily family)
    {
        if (!_families.TryGetValue(family, out SortedDictionary<byte[], byte[]>? values))
        {
            values = new SortedDictionary<byte[], byte[]>(ByteOrder.Instance);
            _families.Add(family, values);
        }

        return values;
    }

    public void Apply(IEnumerable<StateChange> changes)
    {
        foreach (StateChange change in changes)
        {
            SortedDictionary<byte[], byte[]> family = Family(change.Family);
            switch (change.Kind)
            {
                case StateChangeKind.Put:
                    family[change.Key] = change.Value;
                    break;
                case StateChangeKind.Delete:
                    family.Remove(change.Key);
                    break;
                default:
                    foreach (byte[] key in family.Keys.Where(k => k.AsSpan().StartsWith(change.Key)).ToArray())
                    {
                        family.Remove(key);
                    }

                    break;
            }
        }
    }

    public IEnumerable<StateChange> AsPuts() =>
        _families.SelectMany(family => family.Value.Select(p => StateChange.Put(family.Key, p.Key, p.Value)));

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static ByteOrder Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
