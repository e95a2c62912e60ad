namespace Broker.Records;

/// <summary>Compression of a batch's records: bits 0–2 of its attributes, numbered as in Kafka. gzip (1) and snappy (2) are refused.</summary>
public enum Codec : byte
{
    None = 0,

    /// <summary>LZ4 frame format.</summary>
    Lz4 = 3,

    Zstd = 4,

    /// <summary>Reserved for compression by column; refused as unknown until it exists.</summary>
    Delta = 5,
}
