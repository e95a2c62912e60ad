using static System.Buffers.Binary.BinaryPrimitives;
using static Broker.Records.StoredBatchLayout;

namespace Broker.Records;

/// <summary>The fields of a stored batch, read in place. Checks nothing but that prefix and header are there.</summary>
/// <remarks>Layout: docs/format.md.</remarks>
internal readonly ref struct StoredBatchView
{
    private readonly ReadOnlySpan<byte> _bytes;

    /// <param name="bytes">Starts with prefix and header; may be longer or shorter than the whole batch.</param>
    /// <exception cref="ArgumentException">Shorter than prefix and header.</exception>
    public StoredBatchView(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < StoredBatch.OverheadBytes)
        {
            ThrowTooShort(bytes.Length);
        }

        _bytes = bytes;
    }

    public uint PrefixCrc => ReadUInt32LittleEndian(_bytes[PrefixCrcAt..]);

    public byte Version => _bytes[VersionAt];

    public byte Flags => _bytes[FlagsAt];

    public long AppendTimeMs => ReadInt64LittleEndian(_bytes[AppendTimeMsAt..]);

    public long Lsn => ReadInt64LittleEndian(_bytes[LsnAt..]);

    public uint Reserved => ReadUInt32LittleEndian(_bytes[ReservedAt..]);

    public long BaseOffset => ReadInt64BigEndian(_bytes[BaseOffsetAt..]);

    /// <summary>As written: bytes that follow this field in the batch. Unchecked, may be negative.</summary>
    public int BatchLength => ReadInt32BigEndian(_bytes[BatchLengthAt..]);

    /// <inheritdoc cref="StoredBatch.SizeFromHeader"/>
    public int SizeBytes => StoredBatch.SizeFromHeader(_bytes);

    public byte Magic => _bytes[MagicAt];

    public uint BatchCrc => ReadUInt32BigEndian(_bytes[BatchCrcAt..]);

    public short Attributes => ReadInt16BigEndian(_bytes[AttributesAt..]);

    public Codec Codec => (Codec)(Attributes & CodecMask);

    /// <summary>All records then have <see cref="MaxTimestamp"/> as their timestamp.</summary>
    public bool IsLogAppendTime => (Attributes & LogAppendTimeFlag) != 0;

    /// <summary>Written within a transaction: its sequences begin at 0 there.</summary>
    public bool IsTransactional => (Attributes & TransactionalFlag) != 0;

    public int LastOffsetDelta => ReadInt32BigEndian(_bytes[LastOffsetDeltaAt..]);

    public long LastOffset => BaseOffset + LastOffsetDelta;

    public long NextOffset => BaseOffset + LastOffsetDelta + 1;

    public long BaseTimestamp => ReadInt64BigEndian(_bytes[BaseTimestampAt..]);

    public long MaxTimestamp => ReadInt64BigEndian(_bytes[MaxTimestampAt..]);

    /// <summary>−1 without a producer.</summary>
    public long ProducerId => ReadInt64BigEndian(_bytes[ProducerIdAt..]);

    /// <summary>All 32 bits, put together from prefix and header; −1 without a producer.</summary>
    public int ProducerEpoch =>
        (ReadUInt16LittleEndian(_bytes[ProducerEpochHighAt..]) << 16) | ReadUInt16BigEndian(_bytes[ProducerEpochAt..]);

    /// <summary>Sequence of the first record, all 64 bits, put together from prefix and header; −1 without a producer.</summary>
    public long BaseSequence =>
        ((long)ReadUInt32LittleEndian(_bytes[BaseSequenceHighAt..]) << 32) | ReadUInt32BigEndian(_bytes[BaseSequenceAt..]);

    public int RecordCount => ReadInt32BigEndian(_bytes[RecordCountAt..]);

    /// <summary>What follows the header, compressed with <see cref="Codec"/>.</summary>
    public ReadOnlySpan<byte> RecordsBytes => _bytes[RecordsAt..];

    private static void ThrowTooShort(int length) => throw new ArgumentException(
        $"A stored batch has at least {StoredBatch.OverheadBytes} bytes, not {length}.");
}
