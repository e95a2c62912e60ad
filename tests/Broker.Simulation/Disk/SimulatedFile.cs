using Broker.Storage.Files;

namespace Broker.Simulation.Disk;

internal sealed class SimulatedFile(SimulatedDisk disk, string path, SimulatedBytes bytes) : IDiskFile
{
    private bool _hasWritten;

    public string Path => path;

    public long Length => bytes.Length;

    public int Read(long position, Span<byte> buffer)
    {
        disk.Before("read", path, position, buffer.Length);
        return bytes.Read(position, buffer);
    }

    public int ReadFromDevice(long position, AlignedBuffer buffer, int at, int count)
    {
        disk.Before("device", path, position, count);
        return bytes.ReadFromDevice(position, buffer.Span.Slice(at, count));
    }

    public void Write(long position, ReadOnlySpan<byte> content)
    {
        disk.BeforeOpen("write", path, position, content.Length);
        Put(position, content);
        disk.After();
    }

    public void Write(long position, GatherList pieces)
    {
        disk.BeforeOpen("gather", path, position, pieces.TotalBytes);
        disk.NoteFrames(path);
        for (int i = 0; i < pieces.Count; i++)
        {
            Put(position, pieces[i].Span);
            position += pieces[i].Length;
        }

        disk.After();
    }

    public void StartWriteBack(long position, long count) => disk.Before("writeback", path, position, count);

    public void SyncData()
    {
        disk.BeforeOpen("sync", path, 0, bytes.Length);
        disk.FailSyncIfDue(path, bytes);
        bytes.Sync();
        _hasWritten = false;
        disk.After();
        disk.Yield();
    }

    public void SetLength(long length)
    {
        disk.Before("length", path, length, 0);
        bytes.SetLength((int)length);
        disk.After();
    }

    public FileMap Map(int length)
    {
        disk.Before("map", path, 0, length);
        disk.FailMapIfDue(path);
        return new SimulatedMap(bytes, length);
    }

    public void Dispose()
    {
        if (_hasWritten && bytes.IsDirty)
        {
            bytes.IsClosedUnsynced = true;
        }
    }

    private void Put(long position, ReadOnlySpan<byte> content)
    {
        if (position + content.Length > bytes.Length)
        {
            disk.FailWhenFull(path, position);
        }

        bytes.Write(position, content);
        _hasWritten = true;
    }
}
