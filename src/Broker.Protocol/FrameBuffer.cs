using System.Buffers;
using Broker.Records;
using Grpc.Core;

namespace Broker.Protocol;

/// <summary>Brings a message from the transport's segments into one pooled buffer.</summary>
internal static class FrameBuffer
{
    /// <summary>What the broker takes: DESIGN's limit for a message.</summary>
    public const int ProduceBytesMax = 8 << 20;

    /// <summary>
    /// What a client takes: twice that, because one batch of the largest size is sent whatever was asked for, and a
    /// broker may be configured above the default.
    /// </summary>
    public const int FetchBytesMax = 16 << 20;

    public static PooledBuffer Copy(in ReadOnlySequence<byte> payload, int bytesMax)
    {
        if (payload.Length > bytesMax)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"The message has {payload.Length} bytes; the limit is {bytesMax}."));
        }

        PooledBuffer buffer = PooledBuffer.Rent((int)payload.Length);
        payload.CopyTo(buffer.Span);
        return buffer;
    }
}
