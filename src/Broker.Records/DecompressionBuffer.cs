using System.Buffers;
using Broker.Records.Compression;

namespace Broker.Records;

/// <summary>Reusable scratch for the decompressed records of one batch at a time, and the limits that they must keep.</summary>
/// <remarks>One thread. Holds its largest array until it is disposed.</remarks>
internal sealed class DecompressionBuffer : IDisposable
{
    private readonly int _bytesMax;
    private readonly int _ratioMax;
    private byte[] _array = [];
    private int _lengthBytes;

    /// <param name="bytesMax">Limit for the records of one batch.</param>
    /// <param name="ratioMax">
    /// Limit for how many times larger than the compressed bytes they may be; counts only for records beyond 4 MiB.
    /// </param>
    public DecompressionBuffer(int bytesMax = Limits.DecompressedBytesMax, int ratioMax = Limits.DecompressionRatioMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesMax);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratioMax);
        _bytesMax = bytesMax;
        _ratioMax = ratioMax;
    }

    /// <summary>The records that were decompressed last; valid until the next batch is opened with this buffer.</summary>
    public ReadOnlyMemory<byte> Content => new(_array, 0, _lengthBytes);

    internal byte[] Array => _array;

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = [];
        _lengthBytes = 0;
    }

    internal BatchError Decompress(Codec codec, ReadOnlySpan<byte> source)
    {
        _lengthBytes = 0;
        return Codecs.Decompress(codec, source, this, Limits.DecompressedBytesAllowed(source.Length, _bytesMax, _ratioMax));
    }

    /// <summary>Makes room, keeping the bytes that are content already.</summary>
    /// <param name="sizeBytes">Compared with the limits by the caller.</param>
    internal byte[] Reserve(int sizeBytes, int contentBytes)
    {
        if (sizeBytes <= _array.Length)
        {
            return _array;
        }

        // Twice as much as before at least, so that content that comes in blocks is not copied once per block.
        int roomBytes = Math.Max(sizeBytes, Math.Min(2 * contentBytes, _bytesMax));
        byte[] larger = ArrayPool<byte>.Shared.Rent(roomBytes);
        _array.AsSpan(0, contentBytes).CopyTo(larger);
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
        return larger;
    }

    internal void SetLength(int sizeBytes)
    {
        Invariant.Check(sizeBytes <= _array.Length);
        _lengthBytes = sizeBytes;
    }
}
