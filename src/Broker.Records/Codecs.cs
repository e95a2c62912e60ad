namespace Broker.Records;

/// <summary>The codecs behind the attribute bits. Stateless to the caller; contexts come from pools.</summary>
internal static class Codecs
{
    public static bool IsSupported(Codec codec) => codec is Codec.None;

    /// <returns>Bytes written, or −1 when the result would not fit into the target.</returns>
    public static int TryCompress(Codec codec, ReadOnlySpan<byte> source, Span<byte> target) => -1;
}
