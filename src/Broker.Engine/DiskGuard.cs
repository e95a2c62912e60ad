using Broker.Storage.Files;

namespace Broker.Engine;

/// <summary>
/// Watches free space. Writes are refused while there is not room for what the journal may still grow by, twice, and a
/// reserve; they are accepted again by themselves.
/// </summary>
internal sealed class DiskGuard(IDisk disk, string directory, long neededBytes)
{
    private long _freeBytes = long.MaxValue;

    public long NeededBytes { get; } = neededBytes;

    public long FreeBytes => Interlocked.Read(ref _freeBytes);

    public bool IsFull => FreeBytes < NeededBytes;

    public void Refresh() => Interlocked.Exchange(ref _freeBytes, disk.FreeBytes(directory));
}
