namespace Broker.Records.Compression;

/// <summary>Compresses the records of a batch when that makes it smaller.</summary>
internal static class BatchCompression
{
    /// <param name="batch">Room for prefix and header, then records; replaced (and released) when compression gained.</param>
    /// <returns>The codec that the records now have.</returns>
    public static Codec Compress(Codec codec, ref PooledBuffer batch)
    {
        ReadOnlySpan<byte> records = batch.Span[StoredBatch.OverheadBytes..];
        if (codec == Codec.None || records.Length > Limits.DecompressedBytesMax)
        {
            return Codec.None;
        }

        // One byte shorter than the source: what does not fit has gained nothing.
        PooledBuffer target = PooledBuffer.Rent(batch.Length - 1);
        int sizeBytes = Codecs.TryCompress(codec, records, target.Span[StoredBatch.OverheadBytes..]);
        if (sizeBytes < 0 || records.Length > AllowedBy(sizeBytes))
        {
            target.Release();
            return Codec.None;
        }

        target.SetLength(StoredBatch.OverheadBytes + sizeBytes);
        batch.Release();
        batch = target;
        return codec;
    }

    /// <summary>What every reader with the default limits accepts, so that nothing is written that cannot be read.</summary>
    private static int AllowedBy(int compressedBytes) =>
        Limits.DecompressedBytesAllowed(compressedBytes, Limits.DecompressedBytesMax, Limits.DecompressionRatioMax);
}
