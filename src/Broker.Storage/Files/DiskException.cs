using System.Runtime.InteropServices;

namespace Broker.Storage.Files;

/// <summary>A system call on a file failed. Says which call, on which path, where and why.</summary>
public sealed class DiskException : StorageException
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

    /// <summary>No space, quota exceeded or file size limit: waiting or freeing space can help.</summary>
    public bool IsOutOfSpace => Errno is Libc.ENOSPC or Libc.EDQUOT or Libc.EFBIG;

    private static string Describe(string operation, string path, long position, int errno)
    {
        string at = position < 0 ? "" : $" at byte {position}";
        return $"{operation} of {path}{at} failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).";
    }
}
