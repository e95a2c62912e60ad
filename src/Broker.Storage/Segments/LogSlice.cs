using Broker.Records;

namespace Broker.Storage.Segments;

/// <summary>
/// Whole stored batches, one after the other, in the segment's map or in a buffer. Valid until disposed, exactly once.
/// </summary>
internal readonly struct LogSlice : IDisposable
{
    private readonly Segment? _leased;
    private readonly PooledBuffer? _copy;

    internal LogSlice(ReadOnlyMemory<byte> memory, Segment leased, long nextOffset)
    {
        Memory = memory;
        _leased = leased;
        NextOffset = nextOffset;
    }

    internal LogSlice(ReadOnlyMemory<byte> memory, PooledBuffer copy, long nextOffset)
    {
        Memory = memory;
        _copy = copy;
        NextOffset = nextOffset;
    }

    public ReadOnlyMemory<byte> Memory { get; }

    public bool IsEmpty => Memory.IsEmpty;

    /// <summary>Offset after the last record of the last batch.</summary>
    public long NextOffset { get; }

    public void Dispose()
    {
        _leased?.Release();
        _copy?.Release();
    }
}
