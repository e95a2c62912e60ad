using System.Diagnostics;

namespace Broker.Records.Compression;

/// <summary>The codecs behind the attribute bits. Thread-safe; contexts come from pools.</summary>
internal static class Codecs
{
    public static bool IsSupported(Codec codec) => codec is Codec.None or Codec.Lz4 or Codec.Zstd;

    /// <returns>Bytes written, or −1 when the result does not fit into the target.</returns>
    public static int TryCompress(Codec codec, ReadOnlySpan<byte> source, Span<byte> target) => codec switch
    {
        Codec.Lz4 => Lz4FrameEncoder.TryEncode(source, target),
        Codec.Zstd => ZstdFrame.TryEncode(source, target),
        _ => throw new UnreachableException($"No compressor for {codec}."),
    };

    /// <param name="bytesMax">Limit for what is written to the output.</param>
    public static BatchError Decompress(Codec codec, ReadOnlySpan<byte> source, DecompressionBuffer output, int bytesMax) =>
        codec switch
        {
            Codec.Lz4 => Lz4FrameDecoder.Decode(source, output, bytesMax),
            Codec.Zstd => ZstdFrame.Decode(source, output, bytesMax),
            _ => BatchError.UnknownCodec,
        };
}
