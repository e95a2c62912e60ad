using System.Buffers;
using System.Runtime.InteropServices;

namespace Broker.Engine.State;

/// <summary>
/// Bytes that grow at their end, in unmanaged memory: it goes back to the system when they are disposed, and not with some later
/// collection, for which a broker that has nothing to do gives no occasion.
/// </summary>
internal sealed unsafe class UnmanagedBytes : MemoryManager<byte>
{
    private const int CapacityMin = 256;

    private byte* _start;
    private int _capacity;
    private bool _isDisposed;

#pragma warning disable CA2015 // For bytes that nobody has disposed because something failed: whoever reads them is who disposes them, afterwards.
    ~UnmanagedBytes() => Dispose(disposing: false);
#pragma warning restore CA2015

    public int Length { get; private set; }

    /// <summary>Adds bytes, to be written by the caller.</summary>
    public Span<byte> Add(int count)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int length = checked(Length + count);
        if (length > _capacity)
        {
            // What is not written to is not there yet: doubling costs addresses only.
            _capacity = (int)Math.Min(Array.MaxLength, Math.Max(CapacityMin, 2L * length));
            _start = (byte*)NativeMemory.Realloc(_start, (nuint)_capacity);
        }

        var added = new Span<byte>(_start + Length, count);
        Length = length;
        return added;
    }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new Span<byte>(_start, Length);
    }

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex, pinnable: this);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        NativeMemory.Free(_start);
        _start = null;
        _capacity = 0;
        _isDisposed = true;
    }
}
