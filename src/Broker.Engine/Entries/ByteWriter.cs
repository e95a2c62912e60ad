using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Broker.Records;

namespace Broker.Engine.Entries;

/// <summary>Builds the bytes of entries and state values: little-endian, lengths before variable parts.</summary>
internal sealed class ByteWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(64);

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>Begins anew.</summary>
    public ByteWriter Clear()
    {
        _bytes.ResetWrittenCount();
        return this;
    }

    public ByteWriter Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
        return this;
    }

    public ByteWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public ByteWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public ByteWriter UInt32(uint value) => Int32(unchecked((int)value));

    public ByteWriter Topic(TopicId id)
    {
        id.WriteTo(_bytes.GetSpan(TopicId.SizeBytes));
        _bytes.Advance(TopicId.SizeBytes);
        return this;
    }

    public ByteWriter Text(string value)
    {
        int size = Encoding.UTF8.GetByteCount(value);
        Int32(size);
        Encoding.UTF8.GetBytes(value, _bytes.GetSpan(size));
        _bytes.Advance(size);
        return this;
    }

    public ByteWriter Map(IReadOnlyDictionary<string, string> map)
    {
        Int32(map.Count);
        foreach ((string key, string value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            Text(key).Text(value);
        }

        return this;
    }
}
