using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>A file that is not the broker's and takes room on its disk, as much as the test wants.</summary>
internal sealed partial class ForeignFile(string directory) : IDisposable
{
    private const int ENOSPC = 28;
    private const long StepMax = 16 << 20, StepMin = 4 << 10;

    private readonly SafeFileHandle _file = File.OpenHandle(Path.Combine(directory, "foreign"), FileMode.Create, FileAccess.ReadWrite);

    /// <summary>Bytes that anybody can still take.</summary>
    public long FreeBytes => new DriveInfo(directory).AvailableFreeSpace;

    /// <summary>Grows or shrinks until so much is free.</summary>
    public void Leave(long freeBytes)
    {
        long length = RandomAccess.GetLength(_file);
        long wanted = Math.Max(0, length + FreeBytes - freeBytes);
        if (wanted > length)
        {
            Grow(length, wanted - length);
        }
        else
        {
            RandomAccess.SetLength(_file, wanted);
        }
    }

    /// <summary>Takes all there is, to the last block.</summary>
    public void TakeAll()
    {
        for (long step = StepMax; step >= StepMin; step /= 2)
        {
            while (Grow(RandomAccess.GetLength(_file), step))
            {
            }
        }
    }

    public void Dispose() => _file.Dispose();

    /// <returns>False when there is no room for it.</returns>
    private bool Grow(long from, long bytes)
    {
        int errno = Allocate(_file, from, bytes);
        return errno is 0 or ENOSPC ? errno == 0 : throw new Win32Exception(errno);
    }

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(SafeFileHandle file, long from, long bytes);
}
