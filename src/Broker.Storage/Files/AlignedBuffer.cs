using System.Runtime.InteropServices;

namespace Broker.Storage.Files;

/// <summary>Unmanaged memory on a 4 KiB boundary, as direct reads need it.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    public const int AlignmentBytes = 4096;

    private void* _memory;

    public AlignedBuffer(int sizeBytes)
    {
        Length = sizeBytes;
        _memory = NativeMemory.AlignedAlloc((nuint)sizeBytes, AlignmentBytes);
    }

    ~AlignedBuffer() => Free();

    public int Length { get; }

    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory is null, this);
            return new Span<byte>(_memory, Length);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
