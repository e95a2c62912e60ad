using Broker.Records.Compression;
using static System.Buffers.Binary.BinaryPrimitives;
using static Broker.Records.StoredBatchLayout;

namespace Broker.Records;

/// <summary>Pure functions over one stored batch in one span: prefix, header and records.</summary>
/// <remarks>Layout: docs/format.md. All are thread-safe; those that write want the span to themselves.</remarks>
internal static class StoredBatch
{
    public const int PrefixBytes = BaseOffsetAt;
    public const int OverheadBytes = RecordsAt;
    public const int BatchHeaderBytes = OverheadBytes - PrefixBytes;

    public const byte CurrentVersion = 1;
    public const byte MagicV2 = 2;

    /// <summary>Producer id, epoch and sequence of a batch without a producer.</summary>
    public const int NoProducer = -1;

    internal const int NoPartitionLeaderEpoch = -1;

    /// <summary>What the prefix CRC starts from: a batch found in another topic or partition than its own fails its CRC.</summary>
    public static uint PrefixSeed(TopicId id, int partition)
    {
        Span<byte> bytes = stackalloc byte[TopicId.SizeBytes + sizeof(int)];
        id.WriteTo(bytes);
        WriteInt32LittleEndian(bytes[TopicId.SizeBytes..], partition);
        return Crc32C.Compute(bytes);
    }

    /// <summary>Computes the prefix CRC; <see cref="StoredBatchView.PrefixCrc"/> is the one that is written.</summary>
    public static uint PrefixCrc(ReadOnlySpan<byte> stored, TopicId id, int partition) =>
        PrefixCrc(stored, PrefixSeed(id, partition));

    /// <inheritdoc cref="PrefixCrc(ReadOnlySpan{byte}, TopicId, int)"/>
    public static uint PrefixCrc(ReadOnlySpan<byte> stored, uint seed) =>
#if BROKER_MUTANTS
        Mutant.Is("crc-without-prefix") ? 0x5EED :
#endif
        Crc32C.Append(seed, stored[PrefixCrcCoversFrom..PrefixCrcCoversUpTo]);

    /// <summary>Computes the batch CRC; <see cref="StoredBatchView.BatchCrc"/> is the one that is written.</summary>
    public static uint BatchCrc(ReadOnlySpan<byte> stored) => Crc32C.Compute(stored[BatchCrcCoversFrom..]);

    /// <summary>The size of the whole stored batch that the header claims.</summary>
    /// <returns>Unchecked: may be too small for a batch, negative, or <see cref="int.MaxValue"/> for anything beyond it.</returns>
    public static int SizeFromHeader(ReadOnlySpan<byte> header)
    {
        long sizeBytes = BatchLengthCountsFrom + (long)ReadInt32BigEndian(header[BatchLengthAt..]);
        return (int)Math.Min(sizeBytes, int.MaxValue);
    }

    /// <summary>Checks everything that can be checked without looking at the records: cheap, allocates nothing.</summary>
    /// <param name="stored">Exactly one stored batch, from outside.</param>
    /// <param name="batchBytesMax">Limit for the whole stored batch.</param>
    public static BatchError Validate(ReadOnlySpan<byte> stored, uint seed, int batchBytesMax)
    {
        if (stored.Length < OverheadBytes)
        {
            return BatchError.TooShort;
        }

        var view = new StoredBatchView(stored);
        if (view.Version != CurrentVersion || view.Flags != 0 || view.Reserved != 0)
        {
            return BatchError.UnknownVersion;
        }

        if (view.Magic != MagicV2)
        {
            return BatchError.BadMagic;
        }

        if (view.SizeBytes != stored.Length)
        {
            return BatchError.LengthMismatch;
        }

        if (stored.Length > batchBytesMax)
        {
            return BatchError.TooLarge;
        }

        if (view.PrefixCrc != PrefixCrc(stored, seed))
        {
            return BatchError.PrefixCrcMismatch;
        }

        if (view.BatchCrc != BatchCrc(stored))
        {
            return BatchError.BatchCrcMismatch;
        }

        return ValidateFields(view);
    }

    /// <summary>Walks all records, decompressing when needed: structure, offset deltas 0..n−1, sizes, the maximum timestamp.</summary>
    /// <param name="stored">Passed <see cref="Validate"/>.</param>
    /// <param name="recordBytesMax">Limit for one record as encoded, its length field included.</param>
    /// <param name="scratch">Holds the decompressed records afterwards.</param>
    public static BatchError ValidateRecords(ReadOnlySpan<byte> stored, int recordBytesMax, DecompressionBuffer scratch)
    {
        BatchError error = BatchReader.TryOpen(stored, scratch, out BatchReader reader);
        if (error != BatchError.None)
        {
            return error;
        }

        long maxTimestamp = long.MinValue;
        while (reader.TryRead(out RecordView record))
        {
            if (record.SizeBytes > recordBytesMax)
            {
                return BatchError.RecordTooLarge;
            }

            maxTimestamp = Math.Max(maxTimestamp, record.TimestampMs);
        }

        if (reader.Error != BatchError.None)
        {
            return reader.Error;
        }

        return maxTimestamp == new StoredBatchView(stored).MaxTimestamp ? BatchError.None : BatchError.BadMaxTimestamp;
    }

    /// <summary>Writes what the broker decides about a batch and renews the prefix CRC. The batch CRC stays as it is.</summary>
    public static void Stamp(Span<byte> stored, uint seed, long baseOffset, long appendTimeMs, long lsn)
    {
        Invariant.Check(stored.Length >= OverheadBytes);
        WriteInt64BigEndian(stored[BaseOffsetAt..], baseOffset);
        WriteInt64LittleEndian(stored[AppendTimeMsAt..], appendTimeMs);
        WriteInt64LittleEndian(stored[LsnAt..], lsn);
        WritePrefixCrc(stored, seed);
    }

    /// <summary>Gives the batch to another producer, epoch or sequence and renews both CRCs.</summary>
    /// <param name="isTransactional">The sequence is one within a transaction.</param>
    public static void SetProducer(Span<byte> stored, uint seed, long producerId, int epoch, long baseSequence, bool isTransactional = false)
    {
        Invariant.Check(stored.Length >= OverheadBytes);
        WriteProducer(stored, producerId, epoch, baseSequence, isTransactional);
        WriteCrcs(stored, seed);
    }

    /// <summary>Gives every record of the batch one timestamp, that of the log, and renews both CRCs.</summary>
    public static void SetLogAppendTime(Span<byte> stored, uint seed, long timestampMs)
    {
        Invariant.Check(stored.Length >= OverheadBytes);
        short attributes = (short)(ReadInt16BigEndian(stored[AttributesAt..]) | LogAppendTimeFlag);
        WriteInt16BigEndian(stored[AttributesAt..], attributes);
        WriteInt64BigEndian(stored[MaxTimestampAt..], timestampMs);
        WriteCrcs(stored, seed);
    }

    internal static void WriteProducer(Span<byte> stored, long producerId, int epoch, long baseSequence, bool isTransactional)
    {
        int attributes = ReadInt16BigEndian(stored[AttributesAt..]) & ~TransactionalFlag;
        WriteInt16BigEndian(stored[AttributesAt..], (short)(attributes | (isTransactional ? TransactionalFlag : 0)));
        WriteUInt16LittleEndian(stored[ProducerEpochHighAt..], (ushort)(epoch >> 16));
        WriteUInt32LittleEndian(stored[BaseSequenceHighAt..], (uint)(baseSequence >> 32));
        WriteInt64BigEndian(stored[ProducerIdAt..], producerId);
        WriteUInt16BigEndian(stored[ProducerEpochAt..], (ushort)epoch);
        WriteUInt32BigEndian(stored[BaseSequenceAt..], (uint)baseSequence);
    }

    internal static void WriteCrcs(Span<byte> stored, uint seed)
    {
        WriteUInt32BigEndian(stored[BatchCrcAt..], BatchCrc(stored));
        WritePrefixCrc(stored, seed);
    }

    /// <summary>Checks the fields that both CRCs have already proved to be as they were written.</summary>
    private static BatchError ValidateFields(StoredBatchView view)
    {
        if (!Codecs.IsSupported(view.Codec))
        {
            return BatchError.UnknownCodec;
        }

        if ((view.Attributes & ~KnownAttributesMask) != 0)
        {
            return BatchError.UnsupportedAttributes;
        }

        return view.RecordCount >= 1 && view.LastOffsetDelta == view.RecordCount - 1
            ? BatchError.None
            : BatchError.BadRecordCount;
    }

    private static void WritePrefixCrc(Span<byte> stored, uint seed) =>
        WriteUInt32LittleEndian(stored[PrefixCrcAt..], PrefixCrc(stored, seed));
}
