namespace Broker.Engine.State;

internal enum StateChangeKind : byte
{
    Put = 1,
    Delete = 2,

    /// <summary>Deletes every key that begins with the given one.</summary>
    DeletePrefix = 3,
}

/// <summary>One change of the stored state; its bytes belong to the <see cref="StateChanges"/> that it is read from.</summary>
internal readonly record struct StateChange(
    StateChangeKind Kind, StateFamily Family, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value)
{
    public void Deconstruct(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = Key.Span;
        value = Value.Span;
    }
}
