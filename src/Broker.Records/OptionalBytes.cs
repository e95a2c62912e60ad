namespace Broker.Records;

/// <summary>Bytes, or null, which is something else than no bytes. The default is null.</summary>
public readonly ref struct OptionalBytes
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _hasValue;

    public OptionalBytes(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        _hasValue = true;
    }

    public static OptionalBytes Null => default;

    public bool IsNull => !_hasValue;

    /// <summary>Empty for null.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>0 for null.</summary>
    public int Length => _bytes.Length;

    public static implicit operator OptionalBytes(ReadOnlySpan<byte> bytes) => new(bytes);

    public static implicit operator OptionalBytes(byte[]? bytes) => bytes is null ? Null : new(bytes.AsSpan());

    public static implicit operator OptionalBytes(ReadOnlyMemory<byte>? bytes) => bytes is { } memory ? new(memory.Span) : Null;

    /// <returns>A copy, or null.</returns>
    public byte[]? ToArray() => IsNull ? null : _bytes.ToArray();
}
