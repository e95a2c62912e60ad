using System.Buffers;
using System.Collections.Concurrent;
using Broker.Protocol.V1;
using Broker.Protocol.Wire;
using Broker.Records;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Protocol;

/// <summary>
/// A <see cref="ProduceRequest"/> whose batches stay where they are: the client writes them from its own buffers, the
/// broker gets slices of one pooled buffer. Same bytes on the wire as the generated message.
/// </summary>
/// <remarks>
/// Pooled: <see cref="Rent"/> or parsing gives one, <see cref="Release"/> ends its use. Not thread-safe.
/// </remarks>
internal sealed class ProduceFrame
{
    private const byte CorrelationIdTag = (ProduceRequest.CorrelationIdFieldNumber << 3) | (int)WireType.Varint;
    private const byte DurabilityTag = (ProduceRequest.DurabilityFieldNumber << 3) | (int)WireType.Varint;
    private const byte BatchesTag = (ProduceRequest.BatchesFieldNumber << 3) | (int)WireType.LengthDelimited;
    private const byte TransactionTag = (ProduceRequest.TransactionFieldNumber << 3) | (int)WireType.LengthDelimited;
    private const byte CommitTag = (ProduceRequest.CommitFieldNumber << 3) | (int)WireType.LengthDelimited;
    private const byte IncarnationTag = (TransactionContext.IncarnationFieldNumber << 3) | (int)WireType.Varint;
    private const byte NumberTag = (TransactionContext.NumberFieldNumber << 3) | (int)WireType.Varint;
    private const byte TimeoutTag = (TransactionContext.TimeoutMsFieldNumber << 3) | (int)WireType.Varint;
    private const byte TopicIdTag = (PartitionBatch.TopicIdFieldNumber << 3) | (int)WireType.LengthDelimited;
    private const byte PartitionTag = (PartitionBatch.PartitionFieldNumber << 3) | (int)WireType.Varint;
    private const byte StoredBatchTag = (PartitionBatch.StoredBatchFieldNumber << 3) | (int)WireType.LengthDelimited;

    private const byte ExpectedLastOffsetTag = (PartitionBatch.ExpectedLastOffsetFieldNumber << 3) | (int)WireType.Varint;

    // Correlation id and durability (11 + 11), a transaction (2 + 11 + 11 + 6), a commit's length (6), then a batch's tags, lengths,
    // topic id, partition and expected offset (6 + 18 + 11 + 11 + 6).
    private const int BlockBytes = 118;

    // More frames than this are never alive at once per core in steady use; what is beyond is left to the collector.
    private const int PooledFramesMax = 1024;

    private static readonly ConcurrentQueue<ProduceFrame> Pool = new();

    private FrameBatch[] _batches = new FrameBatch[4];
    private int _count;

    private ProduceFrame()
    {
    }

    public ulong CorrelationId { get; set; }

    public Durability Durability { get; set; }

    /// <summary>The transaction that the batches belong to; null for none.</summary>
    public FrameTransaction? Transaction { get; set; }

    /// <summary>The transaction to commit after the batches; null for none.</summary>
    public CommitTransactionRequest? Commit { get; set; }

    public int Count => _count;

    /// <summary>
    /// What the batches of a parsed frame lie in; null in a frame that is to be written. The frame holds one reference;
    /// whoever keeps a slice beyond <see cref="Release"/> retains it.
    /// </summary>
    public PooledBuffer? Buffer { get; private set; }

    public FrameBatch this[int index] => _batches.AsSpan(0, _count)[index];

    public static ProduceFrame Rent()
    {
        return Pool.TryDequeue(out ProduceFrame? frame) ? frame : new ProduceFrame();
    }

    /// <summary>Adds a batch to write. The memory must stay unchanged until the frame was written.</summary>
    public void Add(TopicId topicId, int partition, Memory<byte> storedBatch, long? expectedLastOffset = null)
    {
        if (_count == _batches.Length)
        {
            Array.Resize(ref _batches, _count * 2);
        }

        _batches[_count++] = new FrameBatch(topicId, partition, storedBatch, expectedLastOffset);
    }

    /// <summary>Gives the frame back, and the buffer of a parsed one with it. Call once.</summary>
    public void Release()
    {
        Buffer?.Release();
        Buffer = null;
        _batches.AsSpan(0, _count).Clear();
        _count = 0;
        CorrelationId = 0;
        Durability = Durability.Unspecified;
        Transaction = null;
        Commit = null;
        if (Pool.Count < PooledFramesMax)
        {
            Pool.Enqueue(this);
        }
    }

    internal int SizeBytes()
    {
        int sizeBytes = ProtoWriter.VarintFieldSizeBytes(CorrelationId)
            + ProtoWriter.VarintFieldSizeBytes((ulong)(int)Durability);
        if (Transaction is { } transaction)
        {
            sizeBytes += ProtoWriter.LengthDelimitedSizeBytes(SizeBytesOf(transaction));
        }

        if (Commit is { } commit)
        {
            sizeBytes += ProtoWriter.LengthDelimitedSizeBytes(commit.CalculateSize());
        }

        foreach (FrameBatch batch in _batches.AsSpan(0, _count))
        {
            sizeBytes += ProtoWriter.LengthDelimitedSizeBytes(BatchSizeBytes(batch));
        }

        return sizeBytes;
    }

    internal void WriteTo(IBufferWriter<byte> destination)
    {
        var writer = new ProtoWriter(destination, stackalloc byte[BlockBytes]);
        writer.WriteVarintField(CorrelationIdTag, CorrelationId);
        writer.WriteVarintField(DurabilityTag, (ulong)(int)Durability);
        foreach (FrameBatch batch in _batches.AsSpan(0, _count))
        {
            writer.WriteLength(BatchesTag, BatchSizeBytes(batch));
            writer.WriteLength(TopicIdTag, TopicId.SizeBytes);
            batch.TopicId.WriteTo(writer.Take(TopicId.SizeBytes));
            writer.WriteVarintField(PartitionTag, (ulong)batch.Partition);
            if (batch.ExpectedLastOffset is { } expected)
            {
                writer.WritePresentVarintField(ExpectedLastOffsetTag, (ulong)expected);
            }

            if (!batch.StoredBatch.IsEmpty)
            {
                writer.WriteLength(StoredBatchTag, batch.StoredBatch.Length);
                writer.WritePayload(batch.StoredBatch.Span);
            }

            writer.Flush();
        }

        if (Transaction is { } transaction)
        {
            writer.WriteLength(TransactionTag, SizeBytesOf(transaction));
            writer.WriteVarintField(IncarnationTag, transaction.Incarnation);
            writer.WriteVarintField(NumberTag, transaction.Number);
            writer.WriteVarintField(TimeoutTag, transaction.TimeoutMs);
        }

        if (Commit is { } commit)
        {
            byte[] message = commit.ToByteArray();
            writer.WriteLength(CommitTag, message.Length);
            writer.WritePayload(message);
        }

        writer.Flush();
    }

    /// <summary>Copies the message once into a pooled buffer and finds its batches there.</summary>
    /// <exception cref="RpcException">InvalidArgument: not a ProduceRequest, or larger than any message may be.</exception>
    internal static ProduceFrame Parse(in ReadOnlySequence<byte> payload)
    {
        ProduceFrame frame = Rent();
        try
        {
            frame.Buffer = FrameBuffer.Copy(payload, FrameBuffer.ProduceBytesMax);
            frame.ParseBuffer(frame.Buffer.Memory);
            return frame;
        }
        catch
        {
            frame.Release();
            throw;
        }
    }

    private static int SizeBytesOf(FrameTransaction transaction) =>
        ProtoWriter.VarintFieldSizeBytes(transaction.Incarnation)
        + ProtoWriter.VarintFieldSizeBytes(transaction.Number)
        + ProtoWriter.VarintFieldSizeBytes(transaction.TimeoutMs);

    private static int BatchSizeBytes(in FrameBatch batch)
    {
        return ProtoWriter.LengthDelimitedSizeBytes(TopicId.SizeBytes)
            + ProtoWriter.VarintFieldSizeBytes((ulong)batch.Partition)
            + (batch.ExpectedLastOffset is { } expected ? 1 + ProtoWriter.VarintSizeBytes((ulong)expected) : 0)
            + (batch.StoredBatch.IsEmpty ? 0 : ProtoWriter.LengthDelimitedSizeBytes(batch.StoredBatch.Length));
    }

    private void ParseBuffer(Memory<byte> message)
    {
        var reader = new ProtoReader(message.Span);
        uint tag;
        while ((tag = reader.ReadTag()) != 0)
        {
            switch (tag)
            {
                case CorrelationIdTag:
                    CorrelationId = reader.ReadVarint();
                    break;
                case DurabilityTag:
                    Durability = (Durability)(int)reader.ReadVarint();
                    break;
                case BatchesTag:
                    int length = reader.ReadBytes(out int start).Length;
                    ParseBatch(message.Slice(start, length));
                    break;
                case TransactionTag:
                    Transaction = ParseTransaction(reader.ReadBytes(out _));
                    break;
                case CommitTag:
                    Commit = ParseCommit(reader.ReadBytes(out _));
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    private static FrameTransaction ParseTransaction(ReadOnlySpan<byte> message)
    {
        FrameTransaction transaction = default;
        var reader = new ProtoReader(message);
        uint tag;
        while ((tag = reader.ReadTag()) != 0)
        {
            switch (tag)
            {
                case IncarnationTag:
                    transaction = transaction with { Incarnation = reader.ReadVarint() };
                    break;
                case NumberTag:
                    transaction = transaction with { Number = reader.ReadVarint() };
                    break;
                case TimeoutTag:
                    transaction = transaction with { TimeoutMs = (uint)reader.ReadVarint() };
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }

        return transaction;
    }

    private static CommitTransactionRequest ParseCommit(ReadOnlySpan<byte> message)
    {
        try
        {
            return CommitTransactionRequest.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"The commit is no CommitTransactionRequest: {e.Message}"));
        }
    }

    private void ParseBatch(Memory<byte> message)
    {
        TopicId topicId = default;
        int partition = 0;
        Memory<byte> storedBatch = default;
        long? expectedLastOffset = null;
        var reader = new ProtoReader(message.Span);
        uint tag;
        while ((tag = reader.ReadTag()) != 0)
        {
            switch (tag)
            {
                case TopicIdTag:
                    topicId = ReadTopicId(reader.ReadBytes(out _));
                    break;
                case PartitionTag:
                    partition = (int)reader.ReadVarint();
                    break;
                case StoredBatchTag:
                    int length = reader.ReadBytes(out int start).Length;
                    storedBatch = message.Slice(start, length);
                    break;
                case ExpectedLastOffsetTag:
                    expectedLastOffset = (long)reader.ReadVarint();
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }

        Add(topicId, partition, storedBatch, expectedLastOffset);
    }

    private static TopicId ReadTopicId(ReadOnlySpan<byte> bytes)
    {
        // Left out or empty, it names no topic: the answer is UNKNOWN_TOPIC_OR_PARTITION for that batch alone.
        if (bytes.IsEmpty)
        {
            return default;
        }

        if (bytes.Length != TopicId.SizeBytes)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"A topic_id has {TopicId.SizeBytes} bytes; this one has {bytes.Length}."));
        }

        return TopicId.Read(bytes);
    }
}
