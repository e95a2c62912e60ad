using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Engine.Transactions;

/// <summary>
/// Where open transactions wait: in memory up to a budget, beyond it in a file each. Guarded by the sequencer's lock.
/// </summary>
internal sealed class Staging(IDisk disk, string directory, EngineOptions options)
{
    private long _fileNumber;

    /// <summary>Of all open transactions.</summary>
    public long Bytes { get; private set; }

    /// <summary>Of those, the bytes in memory.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Removes what an earlier run has left: no transaction outlives its run.</summary>
    public void RemoveLeftovers()
    {
        foreach (string path in disk.ListFiles(directory))
        {
            disk.DeleteFile(path);
        }
    }

    public bool HasRoom(int bytes) => Bytes + bytes <= options.StagingBytesMax;

    public bool HasMemory(int bytes) => MemoryBytes + bytes <= options.StagingMemoryBytes;

    /// <summary>Makes a file; the only member that needs no lock.</summary>
    /// <exception cref="DiskException">No room, or the disk fails.</exception>
    public StagingFile NewFile()
    {
        disk.CreateDirectory(directory);
        string path = Path.Combine(directory, $"{Interlocked.Increment(ref _fileNumber):D20}.staging");
        return new StagingFile(disk, disk.Open(path, FileOpening.New));
    }

    public void Took(int bytes, bool isInMemory)
    {
        Bytes += bytes;
        MemoryBytes += isInMemory ? bytes : 0;
    }

    public void Freed(OpenTransaction transaction)
    {
        Bytes -= transaction.Bytes;
        MemoryBytes -= transaction.MemoryBytes;
        Invariant.Check(Bytes >= 0 && MemoryBytes >= 0);
    }
}
