using Broker.Client.Testing.Disk;
using Broker.Storage.Files;

namespace Broker.Simulation.Disk;

/// <summary>A file whose calls the schedule sees, and may have fail.</summary>
internal sealed class SimulatedFile(SimulatedDisk disk, IDiskFile file, MemoryBytes bytes) : IDiskFile
{
    private bool _hasWritten;

    public string Path => file.Path;

    public long Length => file.Length;

    public int Read(long position, Span<byte> buffer)
    {
        disk.Before("read", Path, position, buffer.Length);
        return file.Read(position, buffer);
    }

    public int ReadFromDevice(long position, AlignedBuffer buffer, int at, int count)
    {
        disk.Before("device", Path, position, count);
        return file.ReadFromDevice(position, buffer, at, count);
    }

    public void Write(long position, ReadOnlySpan<byte> content)
    {
        disk.BeforeOpen("write", Path, position, content.Length);
        Put(position, content);
        disk.After();
    }

    public void Write(long position, GatherList pieces)
    {
        disk.BeforeOpen("gather", Path, position, pieces.TotalBytes);
        disk.NoteFrames(Path);
        for (int i = 0; i < pieces.Count; i++)
        {
            Put(position, pieces[i].Span);
            position += pieces[i].Length;
        }

        disk.After();
    }

    public void StartWriteBack(long position, long count) => disk.Before("writeback", Path, position, count);

    public void SyncData()
    {
        disk.BeforeOpen("sync", Path, 0, bytes.Length);
        disk.FailSyncIfDue(Path, bytes);
        file.SyncData();
        _hasWritten = false;
        disk.After();
        disk.Yield();
    }

    public void SetLength(long length)
    {
        disk.Before("length", Path, length, 0);
        file.SetLength(length);
        disk.After();
    }

    public FileMap Map(int length)
    {
        disk.Before("map", Path, 0, length);
        disk.FailMapIfDue(Path);
        return new SimulatedMap(file.Map(length));
    }

    public void Dispose()
    {
        file.Dispose();
        if (_hasWritten && bytes.IsDirty)
        {
            disk.NoteClosedUnsynced(bytes);
        }
    }

    private void Put(long position, ReadOnlySpan<byte> content)
    {
        if (position + content.Length > bytes.Length)
        {
            disk.FailWhenFull(Path, position);
        }

        file.Write(position, content);
        _hasWritten = true;
    }
}
