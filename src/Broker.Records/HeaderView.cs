namespace Broker.Records;

/// <summary>One header of a record in place: the key in UTF-8, as it was written and not checked, and a value that may be null.</summary>
public readonly ref struct HeaderView
{
    internal HeaderView(ReadOnlySpan<byte> key, OptionalBytes value)
    {
        Key = key;
        Value = value;
    }

    public ReadOnlySpan<byte> Key { get; }

    public OptionalBytes Value { get; }
}
