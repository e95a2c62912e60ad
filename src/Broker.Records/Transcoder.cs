using Broker.Records.Compression;
using static System.Buffers.Binary.BinaryPrimitives;
using static Broker.Records.StoredBatchLayout;

namespace Broker.Records;

/// <summary>Gives a batch another codec and leaves everything else as it is. Thread-safe.</summary>
internal static class Transcoder
{
    /// <summary>Compresses the records again, or not at all when that gains nothing; renews both CRCs.</summary>
    /// <param name="stored">Exactly one stored batch that passed <see cref="StoredBatch.Validate"/>.</param>
    /// <param name="codec">A supported codec; with <see cref="Codec.None"/> the batch may become larger than its limit.</param>
    /// <param name="recompressed">The new batch, to be released by the caller; null when there is an error.</param>
    public static BatchError Recompress(
        ReadOnlySpan<byte> stored, uint seed, Codec codec, DecompressionBuffer scratch, out PooledBuffer? recompressed)
    {
        recompressed = null;
        if (!Codecs.IsSupported(codec))
        {
            return BatchError.UnknownCodec;
        }

        // Opening decompresses; the records themselves need no look.
        BatchError error = BatchReader.TryOpen(stored, scratch, out BatchReader reader);
        if (error != BatchError.None)
        {
            return error;
        }

        PooledBuffer batch = PooledBuffer.Rent(StoredBatch.OverheadBytes + reader.Records.Length);
        reader.Records.CopyTo(batch.Span[StoredBatch.OverheadBytes..]);
        Codec written = BatchCompression.Compress(codec, ref batch);

        Span<byte> target = batch.Span;
        stored[..StoredBatch.OverheadBytes].CopyTo(target);
        int attributes = (ReadInt16BigEndian(stored[AttributesAt..]) & ~CodecMask) | (int)written;
        WriteInt16BigEndian(target[AttributesAt..], (short)attributes);
        WriteInt32BigEndian(target[BatchLengthAt..], target.Length - BatchLengthCountsFrom);
        StoredBatch.WriteCrcs(target, seed);
        recompressed = batch;
        return BatchError.None;
    }
}
