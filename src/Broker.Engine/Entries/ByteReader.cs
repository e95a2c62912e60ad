using System.Buffers.Binary;
using System.Text;
using Broker.Records;
using Broker.Storage;

namespace Broker.Engine.Entries;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. The bytes passed a checksum; a misfit is still an error, not a crash.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly int Remaining => _rest.Length;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public TopicId Topic() => TopicId.Read(Take(TopicId.SizeBytes));

    public string Text() => Encoding.UTF8.GetString(Take(Int32()));

    public Dictionary<string, string> Map()
    {
        int count = Int32();
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string key = Text();
            map[key] = Text();
        }

        return map;
    }

    public ReadOnlySpan<byte> Rest()
    {
        ReadOnlySpan<byte> rest = _rest;
        _rest = default;
        return rest;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            throw new StorageException($"A stored entry ends early: {count} more bytes wanted, {_rest.Length} left.");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
