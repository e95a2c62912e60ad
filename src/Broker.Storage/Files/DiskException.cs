using System.Runtime.InteropServices;

namespace Broker.Storage.Files;

/// <summary>A system call on a file failed. Says which call, on which path, where and why.</summary>
internal sealed class DiskException : StorageException
{
    public DiskException(string operation, string path, long position, int errno)
        : base(Describe(operation, path, position, errno))
    {
        Operation = operation;
        Path = path;
        Position = position;
        Errno = errno;
    }

    public string Operation { get; }

    public string Path { get; }

    /// <summary>Byte in the file, or −1 where the operation has none.</summary>
    public long Position { get; }

    public int Errno { get; }

    /// <summary>No space or quota exceeded: freeing space helps.</summary>
    public bool IsOutOfSpace => Errno is Libc.ENOSPC or Libc.EDQUOT;

    /// <summary>This user may not do it.</summary>
    public bool IsDenied => Errno is Libc.EACCES or Libc.EPERM;

    /// <summary>Nobody may: the file system is mounted read-only.</summary>
    public bool IsReadOnly => Errno is Libc.EROFS;

    /// <summary>
    /// Something is used up that others may give back: the same call may work later. Not so a sync: for want of space it fails
    /// when a disk below the file system is full, and what it was to make durable may be gone.
    /// </summary>
    public bool MayPass => (IsOutOfSpace || Errno is Libc.EMFILE or Libc.ENFILE or Libc.ENOMEM) && Operation is not ("fdatasync" or "fsync" or "syncfs");

    private static string Describe(string operation, string path, long position, int errno)
    {
        string at = position < 0 ? "" : $" at byte {position}";
        return $"{operation} of {path}{at} failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).";
    }
}
