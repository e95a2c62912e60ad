using Broker.Storage.Files;

namespace Broker.Client.Testing.Disk;

/// <summary>An open file of a <see cref="MemoryDisk"/>.</summary>
/// <param name="gate">The disk's: what is copied of it is one moment of all files.</param>
internal sealed class MemoryFile(Lock gate, string path, MemoryBytes bytes) : IDiskFile
{
    public string Path => path;

    public long Length
    {
        get
        {
            lock (gate)
            {
                return bytes.Length;
            }
        }
    }

    public int Read(long position, Span<byte> buffer)
    {
        lock (gate)
        {
            return bytes.Read(position, buffer);
        }
    }

    public int ReadFromDevice(long position, AlignedBuffer buffer, int at, int count)
    {
        lock (gate)
        {
            return bytes.ReadFromDevice(position, buffer.Span.Slice(at, count));
        }
    }

    public void Write(long position, ReadOnlySpan<byte> content)
    {
        lock (gate)
        {
            bytes.Write(position, content);
        }
    }

    public void Write(long position, GatherList pieces)
    {
        for (int i = 0; i < pieces.Count; i++)
        {
            Write(position, pieces[i].Span);
            position += pieces[i].Length;
        }
    }

    public void StartWriteBack(long position, long count)
    {
    }

    public void SyncData()
    {
        lock (gate)
        {
            bytes.Sync();
        }
    }

    public void SetLength(long length)
    {
        lock (gate)
        {
            bytes.SetLength((int)length);
        }
    }

    public FileMap Map(int length) => new MemoryMap(bytes, length);

    public void Dispose()
    {
    }
}
