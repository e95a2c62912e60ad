using System.Buffers;
using System.Collections.Concurrent;

namespace Broker.Records;

/// <summary>
/// A reference-counted byte buffer; object and array come from pools and go back with the last <see cref="Release"/>.
/// The content is not cleared.
/// </summary>
/// <remarks>
/// Counting is thread-safe, <see cref="SetLength"/> and the bytes belong to one thread at a time. Whoever keeps a slice beyond
/// the call that gave it retains the buffer. Use after the last release fails an <see cref="Invariant"/> until the object is
/// given out again; idle objects queue first in, first out, to make that as late as possible.
/// </remarks>
internal sealed class PooledBuffer
{
    // An idle object is some 40 bytes; more than this many in flight at once just allocate.
    private const int IdleCountMax = 4096;

    private static readonly ConcurrentQueue<PooledBuffer> Idle = new();
    private static int _idleCount;

    private byte[]? _array;
    private int _lengthBytes;
    private int _references;

    private PooledBuffer()
    {
    }

    public int Length => _lengthBytes;

    public int CapacityBytes => Array.Length;

    public Memory<byte> Memory => new(Array, 0, _lengthBytes);

    public Span<byte> Span => new(Array, 0, _lengthBytes);

    internal byte[] Array
    {
        get
        {
            byte[]? array = _array;
            if (array is null)
            {
                Invariant.Fail("a pooled buffer was used after its last release");
            }

            return array;
        }
    }

    /// <returns>A buffer of exactly this length with one reference, owned by the caller.</returns>
    public static PooledBuffer Rent(int sizeBytes)
    {
        Invariant.Check(sizeBytes >= 0);
        if (Idle.TryDequeue(out PooledBuffer? buffer))
        {
            Interlocked.Decrement(ref _idleCount);
        }
        else
        {
            buffer = new PooledBuffer();
        }

        buffer._array = ArrayPool<byte>.Shared.Rent(sizeBytes);
        buffer._lengthBytes = sizeBytes;
        Volatile.Write(ref buffer._references, 1);
        return buffer;
    }

    /// <summary>Makes buffers ahead, so that the first burst finds them.</summary>
    public static void Prepare(int sizeBytes, int count)
    {
        var buffers = new PooledBuffer[count];
        for (int i = 0; i < count; i++)
        {
            buffers[i] = Rent(sizeBytes);
        }

        foreach (PooledBuffer buffer in buffers)
        {
            buffer.Release();
        }
    }

    /// <summary>Shortens or lengthens the buffer within its capacity.</summary>
    public void SetLength(int sizeBytes)
    {
        Invariant.Check((uint)sizeBytes <= (uint)Array.Length);
        _lengthBytes = sizeBytes;
    }

    public void Retain()
    {
        int references = Interlocked.Increment(ref _references);
        Invariant.Check(references > 1);
    }

    public void Release()
    {
        int references = Interlocked.Decrement(ref _references);
        Invariant.Check(references >= 0);
        if (references > 0)
        {
            return;
        }

        byte[] array = Array;
        _array = null;
        _lengthBytes = 0;
        ArrayPool<byte>.Shared.Return(array);
        if (Interlocked.Increment(ref _idleCount) <= IdleCountMax)
        {
            Idle.Enqueue(this);
        }
        else
        {
            Interlocked.Decrement(ref _idleCount);
        }
    }
}
