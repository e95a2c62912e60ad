using System.Buffers;
using System.Collections.Concurrent;
using Broker.Protocol.V1;
using Broker.Protocol.Wire;
using Broker.Records;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Protocol;

/// <summary>
/// A <see cref="FetchResponse"/> whose batches stay where they are: the broker writes them straight from the log, the
/// client gets a slice of one pooled buffer. Same bytes on the wire as the generated message.
/// </summary>
/// <remarks>
/// The broker makes one per stream and sets it anew for each response; the client releases each one it received.
/// Not thread-safe.
/// </remarks>
internal sealed class FetchFrame
{
    private const byte StartIdTag = (FetchResponse.StartIdFieldNumber << 3) | (int)WireType.Varint;
    private const byte FirstOffsetTag = (FetchResponse.FirstOffsetFieldNumber << 3) | (int)WireType.Varint;
    private const byte HighWatermarkTag = (FetchResponse.HighWatermarkFieldNumber << 3) | (int)WireType.Varint;
    private const byte LogStartOffsetTag = (FetchResponse.LogStartOffsetFieldNumber << 3) | (int)WireType.Varint;
    private const byte IncarnationTag = (FetchResponse.IncarnationFieldNumber << 3) | (int)WireType.Varint;
    private const byte ErrorTag = (FetchResponse.ErrorFieldNumber << 3) | (int)WireType.LengthDelimited;
    private const byte BatchesTag = (FetchResponse.BatchesFieldNumber << 3) | (int)WireType.LengthDelimited;

    // Five number fields of at most 11 bytes, and a tag with a length of at most 6, fit.
    private const int BlockBytes = 64;

    private const int PooledFramesMax = 256;

    private static readonly ConcurrentQueue<FetchFrame> Pool = new();

    public uint StartId { get; set; }

    public long FirstOffset { get; set; }

    public long HighWatermark { get; set; }

    public long LogStartOffset { get; set; }

    public ulong Incarnation { get; set; }

    public Error? Error { get; set; }

    /// <summary>
    /// Whole stored batches. To be written: memory of any owner, read before the write call returns its task. Parsed: a
    /// slice of <see cref="Buffer"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Batches { get; set; }

    /// <summary>What <see cref="Batches"/> of a parsed frame lies in; whoever keeps a slice retains it.</summary>
    public PooledBuffer? Buffer { get; private set; }

    /// <summary>Gives back a parsed frame and its buffer. Call once.</summary>
    public void Release()
    {
        Buffer?.Release();
        Buffer = null;
        Clear();
        if (Pool.Count < PooledFramesMax)
        {
            Pool.Enqueue(this);
        }
    }

    /// <summary>Sets every field to its default, which makes it a heartbeat.</summary>
    public void Clear()
    {
        StartId = 0;
        FirstOffset = 0;
        HighWatermark = 0;
        LogStartOffset = 0;
        Incarnation = 0;
        Error = null;
        Batches = default;
    }

    internal int SizeBytes()
    {
        return ProtoWriter.VarintFieldSizeBytes(StartId)
            + ProtoWriter.VarintFieldSizeBytes((ulong)FirstOffset)
            + ProtoWriter.VarintFieldSizeBytes((ulong)HighWatermark)
            + ProtoWriter.VarintFieldSizeBytes((ulong)LogStartOffset)
            + ProtoWriter.VarintFieldSizeBytes(Incarnation)
            + (Error is null ? 0 : ProtoWriter.LengthDelimitedSizeBytes(Error.CalculateSize()))
            + (Batches.IsEmpty ? 0 : ProtoWriter.LengthDelimitedSizeBytes(Batches.Length));
    }

    internal void WriteTo(IBufferWriter<byte> destination)
    {
        var writer = new ProtoWriter(destination, stackalloc byte[BlockBytes]);
        writer.WriteVarintField(StartIdTag, StartId);
        writer.WriteVarintField(FirstOffsetTag, (ulong)FirstOffset);
        writer.WriteVarintField(HighWatermarkTag, (ulong)HighWatermark);
        writer.WriteVarintField(LogStartOffsetTag, (ulong)LogStartOffset);
        writer.WriteVarintField(IncarnationTag, Incarnation);
        if (Error is not null)
        {
            byte[] error = Error.ToByteArray();
            writer.WriteLength(ErrorTag, error.Length);
            writer.WritePayload(error);
        }

        if (!Batches.IsEmpty)
        {
            writer.WriteLength(BatchesTag, Batches.Length);
            writer.WritePayload(Batches.Span);
        }

        writer.Flush();
    }

    /// <summary>Copies the message once into a pooled buffer and finds its batches there.</summary>
    /// <exception cref="RpcException">InvalidArgument: not a FetchResponse, or larger than any message may be.</exception>
    internal static FetchFrame Parse(in ReadOnlySequence<byte> payload)
    {
        FetchFrame frame = Pool.TryDequeue(out FetchFrame? pooled) ? pooled : new FetchFrame();
        try
        {
            frame.Buffer = FrameBuffer.Copy(payload, FrameBuffer.FetchBytesMax);
            frame.ParseBuffer(frame.Buffer.Memory);
            return frame;
        }
        catch
        {
            frame.Release();
            throw;
        }
    }

    private void ParseBuffer(ReadOnlyMemory<byte> message)
    {
        var reader = new ProtoReader(message.Span);
        uint tag;
        while ((tag = reader.ReadTag()) != 0)
        {
            switch (tag)
            {
                case StartIdTag:
                    StartId = (uint)reader.ReadVarint();
                    break;
                case FirstOffsetTag:
                    FirstOffset = (long)reader.ReadVarint();
                    break;
                case HighWatermarkTag:
                    HighWatermark = (long)reader.ReadVarint();
                    break;
                case LogStartOffsetTag:
                    LogStartOffset = (long)reader.ReadVarint();
                    break;
                case IncarnationTag:
                    Incarnation = reader.ReadVarint();
                    break;
                case ErrorTag:
                    MergeError(reader.ReadBytes(out _));
                    break;
                case BatchesTag:
                    int length = reader.ReadBytes(out int start).Length;
                    Batches = message.Slice(start, length);
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    private void MergeError(ReadOnlySpan<byte> bytes)
    {
        try
        {
            Error ??= new Error();
            Error.MergeFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"The message's error is malformed: {e.Message}"));
        }
    }
}
