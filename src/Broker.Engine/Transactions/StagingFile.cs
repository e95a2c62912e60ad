using Broker.Storage.Files;

namespace Broker.Engine.Transactions;

/// <summary>
/// The file of one open transaction, for what is beyond the memory budget. It needs no sync: an open transaction does not
/// outlive the broker's process.
/// </summary>
/// <remarks>Thread-safe. Closed and deleted with the last of its users; its maker is the first.</remarks>
internal sealed class StagingFile(IDisk disk, IDiskFile file)
{
    private long _endPosition;
    private int _users = 1;

    /// <summary>Takes room for a batch, and the right to write it there; <see cref="Release"/> ends that.</summary>
    public long Reserve(int bytes)
    {
        Retain();
        return Interlocked.Add(ref _endPosition, bytes) - bytes;
    }

    /// <exception cref="DiskException">No room, or the disk fails.</exception>
    public void Write(long position, ReadOnlySpan<byte> bytes) => file.Write(position, bytes);

    /// <returns>False when it holds fewer bytes than that.</returns>
    public bool Read(long position, Span<byte> bytes) => file.Read(position, bytes) == bytes.Length;

    public void Retain() => Interlocked.Increment(ref _users);

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            file.Dispose();
            disk.DeleteFile(file.Path);
        }
    }
}
