namespace Broker.Records;

internal static class BatchErrors
{
    /// <returns>One sentence for people, without a full stop, so that the caller can add where and how much.</returns>
    public static string Describe(BatchError error) => error switch
    {
        BatchError.None => "the batch is valid",
        BatchError.TooShort => $"the bytes are fewer than the {StoredBatch.OverheadBytes} of a batch's prefix and header",
        BatchError.LengthMismatch => "the length in the batch header is not the length of the batch",
        BatchError.TooLarge => "the batch is larger than allowed",
        BatchError.UnknownVersion => "the batch prefix has an unknown version or unknown flags",
        BatchError.BadMagic => $"the batch is not of Kafka's format version {StoredBatch.MagicV2}",
        BatchError.PrefixCrcMismatch => "the CRC of the batch prefix is wrong: damaged, or meant for another partition",
        BatchError.BatchCrcMismatch => "the CRC of the batch is wrong: its bytes are damaged",
        BatchError.UnknownCodec => "the batch is compressed with an unknown codec; none, lz4 and zstd are known",
        BatchError.UnsupportedAttributes => "the batch has attributes that are not supported (transactional, control or unknown)",
        BatchError.BadRecordCount => "the record count is below 1 or does not agree with the last offset delta",
        BatchError.BadRecord => "a record in the batch is malformed",
        BatchError.RecordTooLarge => "a record in the batch is larger than allowed",
        BatchError.DecompressionFailed => "the compressed records cannot be decompressed",
        BatchError.DecompressedTooLarge => "the records would be larger than allowed after decompression",
        BatchError.BadMaxTimestamp => "the maximum timestamp in the batch header is not that of its records",
        _ => $"the batch is refused with the unknown error {(int)error}",
    };
}
