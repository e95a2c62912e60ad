using Broker.Storage.Files;

namespace Broker.Engine;

/// <summary>
/// Watches free space. Writes are refused while there is not room for what the journal may still grow by, twice, and a
/// reserve; they are accepted again by themselves.
/// </summary>
internal sealed class DiskGuard(IDisk disk, string directory, long neededBytes)
{
    private long _freeBytes = long.MaxValue;
    private long _acceptedBytes;

    public long NeededBytes { get; } = neededBytes;

    /// <summary>As of the last look, less what was accepted since: a second of writes may be more than the reserve.</summary>
    public long FreeBytes => Math.Max(0, Interlocked.Read(ref _freeBytes) - Interlocked.Read(ref _acceptedBytes));

    public bool IsFull => FreeBytes < NeededBytes;

    /// <summary>Notes bytes that will be written to segments.</summary>
    public void Accept(int bytes) => Interlocked.Add(ref _acceptedBytes, bytes);

    /// <summary>
    /// A write has met a full disk: nothing is accepted before the next look. What was accepted has the journal files that are
    /// ready; decisions that free space come behind it and must fit in there as well.
    /// </summary>
    public void NoteFull() => Interlocked.Exchange(ref _freeBytes, 0);

    public void Refresh()
    {
        Interlocked.Exchange(ref _acceptedBytes, 0);
        Interlocked.Exchange(ref _freeBytes, disk.FreeBytes(directory));
    }
}
