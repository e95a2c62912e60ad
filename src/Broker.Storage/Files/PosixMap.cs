using Broker.Records;

namespace Broker.Storage.Files;

/// <summary>A mapping made by mmap. It may reach beyond the end of the file: the file grows into it.</summary>
internal sealed unsafe class PosixMap(nint address, int length) : FileMap
{
    private nint _address = address;

    public override int Length => length;

    public override Span<byte> GetSpan()
    {
        nint start = Volatile.Read(ref _address);
        Invariant.Check(start != 0);
        return new Span<byte>((void*)start, length);
    }

    public override bool IsResident(int position, int count)
    {
        const int pageBytes = 4096;
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        nint first = (_address + position) & ~(nint)(pageBytes - 1);
        nuint bytes = (nuint)(_address + position + count - first);
        int pages = (int)((bytes + pageBytes - 1) / pageBytes);
        Span<byte> resident = pages <= 1024 ? stackalloc byte[pages] : new byte[pages];
        fixed (byte* into = resident)
        {
            if (Libc.MInCore(first, bytes, into) != 0)
            {
                return false;
            }
        }

        foreach (byte page in resident)
        {
            if ((page & 1) == 0)
            {
                return false;
            }
        }

        return true;
    }

    protected override void Dispose(bool disposing)
    {
        nint start = Interlocked.Exchange(ref _address, 0);
        if (start != 0)
        {
            _ = Libc.MUnmap(start, (nuint)length);
        }
    }
}
