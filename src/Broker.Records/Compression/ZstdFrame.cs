using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Broker.Records.Compression;

/// <summary>zstd frames with contexts from a pool: a context is some hundred KiB of native memory and costly to set up.</summary>
internal static class ZstdFrame
{
    // zstd.h: ZSTD_CONTENTSIZE_UNKNOWN is 2^64 − 1, ZSTD_CONTENTSIZE_ERROR one less.
    private const ulong ContentSizeError = ulong.MaxValue - 1;

    private static readonly ContextPool<Compressor> Compressors = new(() => new Compressor(Limits.ZstdLevel));
    private static readonly ContextPool<Decompressor> Decompressors = new(() => new Decompressor());

    /// <returns>Bytes written, or −1 when the frame does not fit into the target.</returns>
    public static int TryEncode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        Compressor compressor = Compressors.Rent();
        bool fits = compressor.TryWrap(source, target, out int sizeBytes);
        Compressors.Return(compressor);
        return fits ? sizeBytes : -1;
    }

    /// <param name="bytesMax">Limit for what is written to the output.</param>
    public static BatchError Decode(ReadOnlySpan<byte> source, DecompressionBuffer output, int bytesMax)
    {
        if (!TryGetContentBound(source, out ulong boundBytes, out bool isExact))
        {
            return BatchError.DecompressionFailed;
        }

        if (boundBytes > (ulong)bytesMax && isExact)
        {
            return BatchError.DecompressedTooLarge;
        }

        // The whole content is decoded at once into its final place: no window is allocated, whatever the frame asks for.
        int roomBytes = (int)Math.Min(boundBytes, (ulong)bytesMax);
        byte[] array = output.Reserve(roomBytes, contentBytes: 0);
        Decompressor decompressor = Decompressors.Rent();
        try
        {
            bool fits = decompressor.TryUnwrap(source, array.AsSpan(0, roomBytes), out int sizeBytes);
            Decompressors.Return(decompressor);
            if (!fits)
            {
                return boundBytes > (ulong)bytesMax ? BatchError.DecompressedTooLarge : BatchError.DecompressionFailed;
            }

            output.SetLength(sizeBytes);
            return BatchError.None;
        }
        catch (ZstdException)
        {
            // The next frame starts from a fresh state in any case, but a context that met damage is not worth a doubt.
            decompressor.Dispose();
            return BatchError.DecompressionFailed;
        }
    }

    /// <summary>Walks the headers of frames and blocks; content sizes that are not declared count as full blocks.</summary>
    private static unsafe bool TryGetContentBound(ReadOnlySpan<byte> source, out ulong boundBytes, out bool isExact)
    {
        fixed (byte* start = source)
        {
            ulong declaredBytes = Methods.ZSTD_findDecompressedSize(start, (nuint)source.Length);
            isExact = declaredBytes < ContentSizeError;
            boundBytes = isExact ? declaredBytes : Methods.ZSTD_decompressBound(start, (nuint)source.Length);
            return boundBytes < ContentSizeError;
        }
    }
}
