using System.Buffers;
using System.Runtime.InteropServices;
using Broker.Records;

namespace Broker.Storage.Files;

/// <summary>A file descriptor. Closed once; the owner makes sure that no call is under way then.</summary>
internal sealed unsafe class PosixFile(int fd, string path) : IDiskFile
{
    // The kernel refuses a vectored write of more pieces (IOV_MAX).
    private const int PiecesPerCallMax = 1024;
    private const int SeekEnd = 2;

    private int _fd = fd;
    private int _directFd = -1;

    public string Path { get; } = path;

    public long Length
    {
        get
        {
            long length = Libc.LSeek(_fd, 0, SeekEnd);
            return length >= 0 ? length : throw Failed("lseek", -1);
        }
    }

    public int Read(long position, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return ReadFully(_fd, position, start, buffer.Length);
        }
    }

    public int ReadFromDevice(long position, AlignedBuffer buffer, int at, int count)
    {
        Invariant.Check((position | (long)at | (long)count) % AlignedBuffer.AlignmentBytes == 0);
        fixed (byte* start = buffer.Span.Slice(at, count))
        {
            return ReadFully(DirectDescriptor(), position, start, count);
        }
    }

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            long written = 0;
            while (written < bytes.Length)
            {
                nint count = Libc.PWrite(_fd, start + written, (nuint)(bytes.Length - written), position + written);
                if (count < 0)
                {
                    ThrowUnlessInterrupted("pwrite", position + written);
                    continue;
                }

                written += count;
            }
        }
    }

    public void Write(long position, GatherList pieces)
    {
        Span<MemoryHandle> handles = pieces.Pins(Math.Min(pieces.Count, PiecesPerCallMax));
        Libc.IoVector* vectors = stackalloc Libc.IoVector[handles.Length];
        for (int first = 0; first < pieces.Count; first += PiecesPerCallMax)
        {
            int count = Math.Min(PiecesPerCallMax, pieces.Count - first);
            long bytes = 0;
            for (int i = 0; i < count; i++)
            {
                handles[i] = pieces[first + i].Pin();
                vectors[i] = new Libc.IoVector { Base = handles[i].Pointer, Length = (nuint)pieces[first + i].Length };
                bytes += pieces[first + i].Length;
            }

            try
            {
                WriteVectors(vectors, count, position);
            }
            finally
            {
                for (int i = 0; i < count; i++)
                {
                    handles[i].Dispose();
                }
            }

            position += bytes;
        }
    }

    public void StartWriteBack(long position, long count)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Libc.SyncFileRange(_fd, position, count, Libc.SYNC_FILE_RANGE_WRITE);
        }
    }

    public void SyncData()
    {
        // Never called again after a failure: the kernel may report an error once and then forget the lost pages.
        int result;
        do
        {
            result = OperatingSystem.IsLinux() ? Libc.FDataSync(_fd) : Libc.FSync(_fd);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);

        if (result != 0)
        {
            throw Failed("fdatasync", -1);
        }
    }

    public void SetLength(long length)
    {
        if (Libc.FTruncate(_fd, length) != 0)
        {
            throw Failed("ftruncate", length);
        }
    }

    public FileMap Map(int length)
    {
        nint address = Libc.MMap(0, (nuint)length, Libc.PROT_READ, Libc.MAP_SHARED, _fd, 0);
        return address != -1 ? new PosixMap(address, length) : throw Failed("mmap", -1);
    }

    public void Dispose()
    {
        Close(ref _fd);
        Close(ref _directFd);
    }

    private static void Close(ref int descriptor)
    {
        int closing = Interlocked.Exchange(ref descriptor, -1);
        if (closing >= 0)
        {
            _ = Libc.Close(closing);
        }
    }

    private void WriteVectors(Libc.IoVector* vectors, int count, long position)
    {
        while (count > 0)
        {
            nint written = Libc.PWriteV(_fd, vectors, count, position);
            if (written < 0)
            {
                ThrowUnlessInterrupted("pwritev", position);
                continue;
            }

            position += written;
            while (count > 0 && (nuint)written >= vectors->Length)
            {
                written -= (nint)vectors->Length;
                vectors++;
                count--;
            }

            if (count > 0)
            {
                vectors->Base = (byte*)vectors->Base + written;
                vectors->Length -= (nuint)written;
            }
        }
    }

    private int ReadFully(int descriptor, long position, byte* start, int count)
    {
        int read = 0;
        while (read < count)
        {
            nint got = Libc.PRead(descriptor, start + read, (nuint)(count - read), position + read);
            if (got == 0)
            {
                break;
            }

            if (got < 0)
            {
                ThrowUnlessInterrupted("pread", position + read);
                continue;
            }

            read += (int)got;
        }

        return read;
    }

    private int DirectDescriptor()
    {
        if (_directFd < 0)
        {
            int direct = OperatingSystem.IsLinux() ? Libc.Open(Path, Libc.O_RDONLY | Libc.Direct | Libc.O_CLOEXEC | Libc.NoFollow, 0) : -1;
            if (direct < 0)
            {
                // A file system without direct reads (tmpfs): drop what is cached and clean instead.
                direct = Libc.Open(Path, Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.NoFollow, 0);
                if (direct < 0)
                {
                    throw Failed("open", -1);
                }

                if (OperatingSystem.IsLinux())
                {
                    _ = Libc.FAdvise(direct, 0, 0, Libc.POSIX_FADV_DONTNEED);
                }
            }

            _directFd = direct;
        }

        return _directFd;
    }

    private void ThrowUnlessInterrupted(string operation, long position)
    {
        if (Marshal.GetLastPInvokeError() != Libc.EINTR)
        {
            throw Failed(operation, position);
        }
    }

    private DiskException Failed(string operation, long position) =>
        new(operation, Path, position, Marshal.GetLastPInvokeError());
}
