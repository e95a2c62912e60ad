using Grpc.Core;

namespace Broker.Protocol.Wire;

/// <summary>
/// Walks the fields of one protobuf message in one span. Every length is compared with what is left before it is used;
/// bytes that are no protobuf message end in an <see cref="RpcException"/> with InvalidArgument.
/// </summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> bytes)
{
    // Groups are not used by our messages; one that is nested deeper than this is an attack on the stack.
    private const int GroupDepthMax = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    public readonly int Position => _position;

    /// <summary>The next tag, or 0 at the end of the message.</summary>
    public uint ReadTag()
    {
        if (_position == _bytes.Length)
        {
            return 0;
        }

        ulong tag = ReadVarint();
        if (tag > uint.MaxValue || tag >> 3 == 0)
        {
            throw Malformed("a field number is out of range");
        }

        return (uint)tag;
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (_position == _bytes.Length)
            {
                throw Malformed("it ends inside a number");
            }

            byte next = _bytes[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Malformed("a number is longer than 10 bytes");
    }

    /// <summary>Reads a length and steps over as many bytes; <paramref name="start"/> is where they begin.</summary>
    public ReadOnlySpan<byte> ReadBytes(out int start)
    {
        ulong length = ReadVarint();
        if (length > (ulong)(_bytes.Length - _position))
        {
            throw Malformed("a length points beyond its end");
        }

        start = _position;
        _position += (int)length;
        return _bytes.Slice(start, (int)length);
    }

    public void Skip(uint tag)
    {
        Skip(tag, depth: 0);
    }

    private void Skip(uint tag, int depth)
    {
        switch ((WireType)(tag & 7))
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Step(sizeof(ulong));
                break;
            case WireType.LengthDelimited:
                ReadBytes(out _);
                break;
            case WireType.StartGroup:
                SkipGroup(tag, depth);
                break;
            case WireType.Fixed32:
                Step(sizeof(uint));
                break;
            default:
                throw Malformed("a field has a wire type that does not belong there");
        }
    }

    private void SkipGroup(uint startTag, int depth)
    {
        if (depth == GroupDepthMax)
        {
            throw Malformed("its groups are nested too deep");
        }

        uint endTag = (startTag & ~7u) | (uint)WireType.EndGroup;
        while (true)
        {
            uint tag = ReadTag();
            if (tag == endTag)
            {
                return;
            }

            if (tag == 0)
            {
                throw Malformed("it ends inside a group");
            }

            Skip(tag, depth + 1);
        }
    }

    private void Step(int sizeBytes)
    {
        if (_bytes.Length - _position < sizeBytes)
        {
            throw Malformed("it ends inside a number");
        }

        _position += sizeBytes;
    }

    private static RpcException Malformed(string what)
    {
        return new RpcException(new Status(StatusCode.InvalidArgument, $"The message is not valid protobuf: {what}."));
    }
}
