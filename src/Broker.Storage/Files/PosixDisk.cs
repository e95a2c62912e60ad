using System.Runtime.InteropServices;

namespace Broker.Storage.Files;

/// <summary>The real file system. Directories are made 0700, files 0600; links are not followed.</summary>
internal sealed class PosixDisk : IDisk
{
    private const int OwnerOnlyFile = 0x180;       // 0600
    private const int OwnerOnlyDirectory = 0x1C0;  // 0700

    // SIGXFSZ. A write beyond the limit on a file's size shall fail and say so; unhandled, the signal ends the process.
    private static readonly PosixSignalRegistration FileSizeSignal =
        PosixSignalRegistration.Create((PosixSignal)25, static context => context.Cancel = true);

    public PosixDisk() => GC.KeepAlive(FileSizeSignal);

    public int OpenFilesMax =>
        Libc.GetRLimit(Libc.OpenFilesLimit, out Libc.RLimit limit) == 0 ? (int)Math.Min(limit.Current, int.MaxValue) : int.MaxValue;

    public IDiskFile Open(string path, FileOpening opening)
    {
        int flags = Libc.O_CLOEXEC | Libc.NoFollow | opening switch
        {
            FileOpening.Existing => Libc.O_RDWR,
            FileOpening.New => Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL,
            FileOpening.ExistingOrNew => Libc.O_RDWR | Libc.O_CREAT,
            _ => Libc.O_RDONLY,
        };
        return new PosixFile(OpenDescriptor("open", path, flags), path);
    }

    public bool FileExists(string path) => File.Exists(path);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public IReadOnlyList<string> CreateDirectory(string path)
    {
        var missing = new Stack<string>();
        for (string? at = Path.GetFullPath(path); at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
        {
            missing.Push(at);
        }

        var changedParents = new List<string>();
        foreach (string directory in missing)
        {
            if (Libc.MkDir(directory, OwnerOnlyDirectory) != 0 && Marshal.GetLastPInvokeError() != Libc.EEXIST)
            {
                throw Failed("mkdir", directory);
            }

            changedParents.Add(Path.GetDirectoryName(directory)!);
        }

        return changedParents;
    }

    public IReadOnlyList<string> ListFiles(string directory) => List(directory, Directory.GetFiles);

    public IReadOnlyList<string> ListDirectories(string directory) => List(directory, Directory.GetDirectories);

    public void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
        {
            throw Failed("rename", from);
        }
    }

    public void DeleteFile(string path)
    {
        if (Libc.Unlink(path) != 0 && Marshal.GetLastPInvokeError() != Libc.ENOENT)
        {
            throw Failed("unlink", path);
        }
    }

    public void DeleteDirectory(string path)
    {
        foreach (string file in ListFiles(path))
        {
            DeleteFile(file);
        }

        foreach (string directory in ListDirectories(path))
        {
            DeleteDirectory(directory);
        }

        if (Libc.RmDir(path) != 0 && Marshal.GetLastPInvokeError() != Libc.ENOENT)
        {
            throw Failed("rmdir", path);
        }
    }

    public void SyncDirectory(string path)
    {
        int fd = OpenDescriptor("open", path, Libc.O_RDONLY | Libc.Directory | Libc.O_CLOEXEC);
        try
        {
            if (Libc.FSync(fd) != 0)
            {
                throw Failed("fsync", path);
            }
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    public void SyncFileSystem(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("syncfs exists on Linux only.");
        }

        int fd = OpenDescriptor("open", path, Libc.O_RDONLY | Libc.Directory | Libc.O_CLOEXEC);
        try
        {
            if (Libc.SyncFs(fd) != 0)
            {
                throw Failed("syncfs", path);
            }
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    public long FreeBytes(string path) => new DriveInfo(path).AvailableFreeSpace;

    public IDisposable? TryLock(string directory)
    {
        string path = Path.Combine(directory, "lock");
        int fd = OpenDescriptor("open", path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC | Libc.NoFollow);
        if (Libc.FLock(fd, Libc.LOCK_EX | Libc.LOCK_NB) == 0)
        {
            return new PosixFile(fd, path);
        }

        int errno = Marshal.GetLastPInvokeError();
        _ = Libc.Close(fd);
        return errno == Libc.EWOULDBLOCK ? null : throw new DiskException("flock", path, position: -1, errno);
    }

    private static int OpenDescriptor(string operation, string path, int flags)
    {
        int fd = Libc.Open(path, flags, OwnerOnlyFile);
        return fd >= 0 ? fd : throw Failed(operation, path);
    }

    private static string[] List(string directory, Func<string, string[]> list)
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }

        string[] paths = list(directory);
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }

    private static DiskException Failed(string operation, string path) =>
        new(operation, path, position: -1, Marshal.GetLastPInvokeError());
}
