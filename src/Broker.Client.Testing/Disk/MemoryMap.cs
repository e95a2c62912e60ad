using Broker.Storage.Files;

namespace Broker.Client.Testing.Disk;

/// <summary>Sees what is written to the file, as a shared mapping does; no more of it than there is.</summary>
internal sealed class MemoryMap(MemoryBytes bytes, int length) : FileMap
{
    private volatile bool _isUnmapped;

    public override int Length => length;

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_isUnmapped, this);
        Span<byte> cached = bytes.Cached;
        return cached[..Math.Min(length, cached.Length)];
    }

    public override bool IsResident(int position, int count) => true;

    protected override void Dispose(bool disposing) => _isUnmapped = true;
}
