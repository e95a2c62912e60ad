using System.Buffers;
using Grpc.Core;

namespace Broker.Tests.Protocol;

/// <summary>Messages as a transport hands them over: in one piece or in many.</summary>
internal static class Bytes
{
    public static byte[] Random(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static ReadOnlySequence<byte> InSegments(ReadOnlySpan<byte> bytes, int segmentBytes)
    {
        var first = new Segment(bytes[..Math.Min(segmentBytes, bytes.Length)].ToArray(), before: null);
        Segment last = first;
        for (int at = segmentBytes; at < bytes.Length; at += segmentBytes)
        {
            last = new Segment(bytes.Slice(at, Math.Min(segmentBytes, bytes.Length - at)).ToArray(), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public static byte[] Serialize<T>(Marshaller<T> marshaller, T message)
    {
        var context = new WritingContext();
        marshaller.ContextualSerializer(message, context);
        Assert.True(context.IsComplete);
        Assert.Equal(context.PayloadLength, context.Writer.WrittenCount);
        return context.Writer.WrittenSpan.ToArray();
    }

    public static T Deserialize<T>(Marshaller<T> marshaller, ReadOnlySequence<byte> bytes)
    {
        return marshaller.ContextualDeserializer(new ReadingContext(bytes));
    }

    public static T Deserialize<T>(Marshaller<T> marshaller, byte[] bytes)
    {
        return Deserialize(marshaller, new ReadOnlySequence<byte>(bytes));
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }

    private sealed class WritingContext : SerializationContext
    {
        public ArrayBufferWriter<byte> Writer { get; } = new();

        public int PayloadLength { get; private set; }

        public bool IsComplete { get; private set; }

        public override void SetPayloadLength(int payloadLength) => PayloadLength = payloadLength;

        public override IBufferWriter<byte> GetBufferWriter() => Writer;

        public override void Complete() => IsComplete = true;
    }

    private sealed class ReadingContext(ReadOnlySequence<byte> bytes) : DeserializationContext
    {
        public override int PayloadLength => (int)bytes.Length;

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => bytes;
    }
}
