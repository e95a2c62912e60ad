using System.Buffers;

namespace Broker.Records;

/// <summary>Reusable scratch for the decompressed records of one batch at a time, and the limits that they must keep.</summary>
/// <remarks>One thread. Holds its largest array until it is disposed.</remarks>
public sealed class DecompressionBuffer : IDisposable
{
    private readonly int _bytesMax;
    private readonly int _ratioMax;
    private byte[] _array = [];
    private int _lengthBytes;

    /// <param name="bytesMax">Limit for the records of one batch.</param>
    /// <param name="ratioMax">Limit for how many times larger than the compressed bytes they may be.</param>
    public DecompressionBuffer(int bytesMax = 64 * 1024 * 1024, int ratioMax = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesMax);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratioMax);
        _bytesMax = bytesMax;
        _ratioMax = ratioMax;
    }

    /// <summary>The records that were decompressed last; valid until the next batch is opened with this buffer.</summary>
    public ReadOnlyMemory<byte> Content => new(_array, 0, _lengthBytes);

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
        if (!Codecs.IsSupported(codec))
        {
            return BatchError.UnknownCodec;
        }

        return (long)source.Length * _ratioMax > _bytesMax ? BatchError.DecompressedTooLarge : BatchError.DecompressionFailed;
    }
}
