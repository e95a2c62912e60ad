namespace Broker.Tests.Protocol;

/// <summary>Writes protobuf by hand, including what no generated code would write.</summary>
internal sealed class ByteWriter
{
    private readonly List<byte> _bytes = [];

    public ByteWriter Tag(uint field, uint wireType) => Varint((field << 3) | wireType);

    public ByteWriter Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Add((byte)(value | 0x80));
        }

        _bytes.Add((byte)value);
        return this;
    }

    public ByteWriter Bytes(byte[] bytes) => Varint((ulong)bytes.Length).Raw(bytes);

    public ByteWriter Raw(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];
}
