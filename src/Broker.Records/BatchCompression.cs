namespace Broker.Records;

/// <summary>Compresses the records of a batch when that makes it smaller.</summary>
internal static class BatchCompression
{
    /// <param name="batch">Room for prefix and header, then records; replaced (and released) when compression gained.</param>
    /// <returns>The codec that the records now have.</returns>
    public static Codec Compress(Codec codec, ref PooledBuffer batch)
    {
        if (codec == Codec.None)
        {
            return Codec.None;
        }

        // One byte shorter than the source: what does not fit has gained nothing.
        PooledBuffer target = PooledBuffer.Rent(batch.Length - 1);
        int sizeBytes = Codecs.TryCompress(
            codec,
            batch.Span[StoredBatch.OverheadBytes..],
            target.Span[StoredBatch.OverheadBytes..]);
        if (sizeBytes < 0)
        {
            target.Release();
            return Codec.None;
        }

        target.SetLength(StoredBatch.OverheadBytes + sizeBytes);
        batch.Release();
        batch = target;
        return codec;
    }
}
