namespace Broker.Records;

/// <summary>What bounds work that bytes from outside ask for.</summary>
internal static class Limits
{
    // 16 batches of the default limit (4 MiB): more than any producer should gather, little enough to hold per reader.
    public const int DecompressedBytesMax = 64 * 1024 * 1024;

    // LZ4 cannot exceed 255; zstd reaches some hundreds on records that differ at all.
    public const int DecompressionRatioMax = 1000;

    // Up to one batch of the default limit the ratio does not count: a megabyte of zeros is 50 bytes in zstd, and harmless.
    public const int DecompressionRatioFloorBytes = 4 * 1024 * 1024;

    // Up to 64 KiB the matcher's table holds 16-bit positions: 1.8–2 times faster than with larger blocks.
    public const int Lz4BlockBytesMax = 64 * 1024;

    // Level 1 keeps 5.3 : 1 on JSON at some 600 MB/s a core; higher levels pay more time than they gain bytes here.
    public const int ZstdLevel = 1;

    /// <summary>How large the records may become that stand in so many compressed bytes.</summary>
    public static int DecompressedBytesAllowed(int compressedBytes, int bytesMax, int ratioMax) =>
        (int)Math.Min(bytesMax, Math.Max(DecompressionRatioFloorBytes, (long)compressedBytes * ratioMax));
}
