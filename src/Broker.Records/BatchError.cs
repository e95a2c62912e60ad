namespace Broker.Records;

/// <summary>Why a batch is refused. <see cref="BatchErrors.Describe"/> gives the sentence.</summary>
internal enum BatchError
{
    None,
    TooShort,
    LengthMismatch,
    TooLarge,
    UnknownVersion,
    BadMagic,
    PrefixCrcMismatch,
    BatchCrcMismatch,
    UnknownCodec,
    UnsupportedAttributes,
    BadRecordCount,
    BadRecord,
    RecordTooLarge,
    DecompressionFailed,
    DecompressedTooLarge,
    BadMaxTimestamp,
}
