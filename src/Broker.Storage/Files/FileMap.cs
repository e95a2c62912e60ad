using System.Buffers;

namespace Broker.Storage.Files;

/// <summary>A read-only view of a file. Whoever reads holds a lease elsewhere: after Dispose the memory is gone.</summary>
internal abstract class FileMap : MemoryManager<byte>
{
    public abstract int Length { get; }

    /// <summary>True when reading the range cannot wait for the disk.</summary>
    public abstract bool IsResident(int position, int count);

    public override MemoryHandle Pin(int elementIndex = 0) =>
        throw new NotSupportedException("A file map is pinned by nature; take its span.");

    public override void Unpin()
    {
    }

    public void Unmap() => ((IDisposable)this).Dispose();
}
