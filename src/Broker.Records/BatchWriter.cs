using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Records.Compression;
using static System.Buffers.Binary.BinaryPrimitives;
using static Broker.Records.StoredBatchLayout;

namespace Broker.Records;

/// <summary>Encodes records into one stored batch after the other, straight into the buffer that is handed out.</summary>
/// <remarks>One thread. Holds no memory between <see cref="Finish"/> or <see cref="Reset"/> and the next record.</remarks>
internal sealed class BatchWriter : IDisposable
{
    /// <summary>Length, attributes, timestamp delta, offset delta, key length, value length, header count.</summary>
    private const int RecordOverheadBytesMax =
        (5 * Varint.Int32SizeBytesMax) + sizeof(byte) + Varint.Int64SizeBytesMax;

    private readonly Codec _codec;
    private readonly int _initialBytes;
    private PooledBuffer? _buffer;
    private byte[] _array = [];
    private int _position = StoredBatch.OverheadBytes;
    private int _recordCount;
    private long _baseTimestamp;
    private long _maxTimestamp;

    /// <param name="initialBytes">Size of the first buffer; it doubles when a batch needs more.</param>
    public BatchWriter(Codec codec, int initialBytes = 128 * 1024)
    {
        if (!Codecs.IsSupported(codec))
        {
            throw new ArgumentOutOfRangeException(nameof(codec), codec, BatchErrors.Describe(BatchError.UnknownCodec));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(initialBytes);
        _codec = codec;
        _initialBytes = Math.Max(initialBytes, StoredBatch.OverheadBytes + RecordOverheadBytesMax);
    }

    public Codec Codec => _codec;

    public int RecordCount => _recordCount;

    /// <summary>Size of the stored batch so far, not compressed.</summary>
    public int SizeBytes => _position;

    /// <summary>Largest timestamp so far; meaningless without records.</summary>
    public long MaxTimestamp => _maxTimestamp;

    /// <summary>
    /// An upper bound for what a record adds to a batch, and for what <see cref="StoredBatch.ValidateRecords"/> counts;
    /// <see cref="int.MaxValue"/> for anything beyond it.
    /// </summary>
    public static int RecordSizeBytesMax(OptionalBytes key, OptionalBytes value, ReadOnlySpan<RecordHeader> headers)
    {
        long sizeBytes = RecordOverheadBytesMax + (long)key.Length + value.Length;
        foreach (RecordHeader header in headers)
        {
            sizeBytes += (2 * Varint.Int32SizeBytesMax) + Encoding.UTF8.GetByteCount(header.Key) + (header.Value?.Length ?? 0);
        }

        return (int)Math.Min(sizeBytes, int.MaxValue);
    }

    /// <summary>Copies one record into the batch.</summary>
    public void Append(long timestampMs, OptionalBytes key, OptionalBytes value, ReadOnlySpan<RecordHeader> headers)
    {
        if (_recordCount == 0)
        {
            _baseTimestamp = timestampMs;
            _maxTimestamp = timestampMs;
        }

        // Deltas wrap around like the sums that readers make of them, so any two timestamps may stand in one batch.
        long timestampDelta = unchecked(timestampMs - _baseTimestamp);
        int keyLength = key.IsNull ? -1 : key.Length;
        int valueLength = value.IsNull ? -1 : value.Length;
        long bodyBytes = sizeof(byte)
            + Varint.SizeOf(timestampDelta)
            + Varint.SizeOf(_recordCount)
            + Varint.SizeOf(keyLength)
            + (long)key.Length
            + Varint.SizeOf(valueLength)
            + value.Length
            + (headers.IsEmpty ? 1 : RecordHeaderWriter.SizeOf(headers));

        int position = _position;
        if (bodyBytes > _array.Length - position - Varint.Int32SizeBytesMax)
        {
            Grow(bodyBytes + Varint.Int32SizeBytesMax);
        }

        ref byte start = ref MemoryMarshal.GetArrayDataReference(_array);
        position = Varint.WriteUnchecked(ref start, position, (int)bodyBytes);
        Unsafe.Add(ref start, (nint)(uint)position++) = 0;
        position = Varint.WriteUnchecked(ref start, position, timestampDelta);
        position = Varint.WriteUnchecked(ref start, position, _recordCount);
        position = Varint.WriteUnchecked(ref start, position, keyLength);
        position = Copy(key.Span, ref start, position);
        position = Varint.WriteUnchecked(ref start, position, valueLength);
        position = Copy(value.Span, ref start, position);
        if (headers.IsEmpty)
        {
            Unsafe.Add(ref start, (nint)(uint)position++) = 0;
        }
        else
        {
            position += RecordHeaderWriter.Write(_array.AsSpan(position), headers);
        }

        _position = position;
        _recordCount++;
        if (timestampMs > _maxTimestamp)
        {
            _maxTimestamp = timestampMs;
        }
    }

    /// <summary>Ends the batch, compresses it, and starts anew. A batch that compression does not make smaller is written without.</summary>
    /// <returns>The whole stored batch with base offset, append time and LSN 0 and valid CRCs; the caller releases it.</returns>
    /// <remarks>There must be a record. Without a producer, its three values are <see cref="StoredBatch.NoProducer"/>.</remarks>
    public PooledBuffer Finish(
        TopicId id, int partition, long producerId, int producerEpoch, long baseSequence, bool isTransactional = false)
    {
        Invariant.Check(_recordCount > 0);
        PooledBuffer finished = _buffer!;
        finished.SetLength(_position);
        _buffer = null;
        Codec codec = BatchCompression.Compress(_codec, ref finished);

        Span<byte> stored = finished.Span;
        WriteHead(stored, codec);
        StoredBatch.WriteProducer(stored, producerId, producerEpoch, baseSequence, isTransactional);
        StoredBatch.WriteCrcs(stored, StoredBatch.PrefixSeed(id, partition));
        Reset();
        return finished;
    }

    /// <summary>Forgets the records of the unfinished batch.</summary>
    public void Reset()
    {
        _buffer?.Release();
        _buffer = null;
        _array = [];
        _position = StoredBatch.OverheadBytes;
        _recordCount = 0;
    }

    public void Dispose() => Reset();

    private void WriteHead(Span<byte> stored, Codec codec)
    {
        stored[..StoredBatch.OverheadBytes].Clear();
        stored[VersionAt] = StoredBatch.CurrentVersion;
        WriteInt32BigEndian(stored[BatchLengthAt..], stored.Length - BatchLengthCountsFrom);
        WriteInt32BigEndian(stored[PartitionLeaderEpochAt..], StoredBatch.NoPartitionLeaderEpoch);
        stored[MagicAt] = StoredBatch.MagicV2;
        WriteInt16BigEndian(stored[AttributesAt..], (short)codec);
        WriteInt32BigEndian(stored[LastOffsetDeltaAt..], _recordCount - 1);
        WriteInt64BigEndian(stored[BaseTimestampAt..], _baseTimestamp);
        WriteInt64BigEndian(stored[MaxTimestampAt..], _maxTimestamp);
        WriteInt32BigEndian(stored[RecordCountAt..], _recordCount);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Copy(ReadOnlySpan<byte> bytes, ref byte start, int position)
    {
        bytes.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref start, (nint)(uint)position), bytes.Length));
        return position + bytes.Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(long neededBytes)
    {
        long sizeBytes = Math.Max(_position + neededBytes, _buffer is null ? _initialBytes : 2L * _array.Length);
        Invariant.Check(_position + neededBytes <= Array.MaxLength);
        PooledBuffer larger = PooledBuffer.Rent((int)Math.Min(sizeBytes, Array.MaxLength));
        if (_buffer is not null)
        {
            _buffer.Array.AsSpan(0, _position).CopyTo(larger.Array);
            _buffer.Release();
        }

        _buffer = larger;
        _array = larger.Array;
    }
}
