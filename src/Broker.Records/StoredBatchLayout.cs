namespace Broker.Records;

/// <summary>
/// Where each field of a stored batch stands, in bytes from its start: our prefix (little-endian), then Kafka's v2 batch
/// (big-endian). Keep in sync with docs/format.md; a test compares the tables there with these numbers.
/// </summary>
internal static class StoredBatchLayout
{
    public const int PrefixCrcAt = 0;
    public const int VersionAt = PrefixCrcAt + sizeof(uint);
    public const int FlagsAt = VersionAt + sizeof(byte);
    public const int ProducerEpochHighAt = FlagsAt + sizeof(byte);
    public const int AppendTimeMsAt = ProducerEpochHighAt + sizeof(ushort);
    public const int LsnAt = AppendTimeMsAt + sizeof(long);
    public const int BaseSequenceHighAt = LsnAt + sizeof(long);
    public const int ReservedAt = BaseSequenceHighAt + sizeof(uint);

    public const int BaseOffsetAt = ReservedAt + sizeof(uint);
    public const int BatchLengthAt = BaseOffsetAt + sizeof(long);
    public const int PartitionLeaderEpochAt = BatchLengthAt + sizeof(int);
    public const int MagicAt = PartitionLeaderEpochAt + sizeof(int);
    public const int BatchCrcAt = MagicAt + sizeof(byte);
    public const int AttributesAt = BatchCrcAt + sizeof(uint);
    public const int LastOffsetDeltaAt = AttributesAt + sizeof(short);
    public const int BaseTimestampAt = LastOffsetDeltaAt + sizeof(int);
    public const int MaxTimestampAt = BaseTimestampAt + sizeof(long);
    public const int ProducerIdAt = MaxTimestampAt + sizeof(long);
    public const int ProducerEpochAt = ProducerIdAt + sizeof(long);
    public const int BaseSequenceAt = ProducerEpochAt + sizeof(short);
    public const int RecordCountAt = BaseSequenceAt + sizeof(int);
    public const int RecordsAt = RecordCountAt + sizeof(int);

    /// <summary>The batch length counts what follows it.</summary>
    internal const int BatchLengthCountsFrom = PartitionLeaderEpochAt;

    /// <summary>The prefix CRC covers from here …</summary>
    internal const int PrefixCrcCoversFrom = VersionAt;

    /// <summary>… up to the CRC of the batch, which covers the rest from <see cref="BatchCrcCoversFrom"/> on.</summary>
    internal const int PrefixCrcCoversUpTo = BatchCrcAt;

    internal const int BatchCrcCoversFrom = AttributesAt;

    internal const short CodecMask = 0x07;
    internal const short LogAppendTimeFlag = 0x08;
    internal const short TransactionalFlag = 0x10;
    internal const short KnownAttributesMask = CodecMask | LogAppendTimeFlag | TransactionalFlag;
}
