namespace Broker.Engine.State;

internal enum StateChangeKind : byte
{
    Put = 1,
    Delete = 2,

    /// <summary>Deletes every key that begins with the given one.</summary>
    DeletePrefix = 3,
}

/// <summary>One change of the stored state.</summary>
internal readonly record struct StateChange(StateChangeKind Kind, StateFamily Family, byte[] Key, byte[] Value)
{
    public static StateChange Put(StateFamily family, byte[] key, byte[] value) => new(StateChangeKind.Put, family, key, value);

    public static StateChange Delete(StateFamily family, byte[] key) => new(StateChangeKind.Delete, family, key, []);

    public static StateChange DeletePrefix(StateFamily family, byte[] key) => new(StateChangeKind.DeletePrefix, family, key, []);
}
