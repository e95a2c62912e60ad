namespace Broker.Storage.Files;

/// <summary>One open file. Reads and writes name their position; any thread may call.</summary>
internal interface IDiskFile : IDisposable
{
    string Path { get; }

    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    int Read(long position, Span<byte> buffer);

    /// <summary>Reads past the page cache, what the device holds, into a part of a buffer. All numbers are multiples of 4 KiB.</summary>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    int ReadFromDevice(long position, AlignedBuffer buffer, int at, int count);

    void Write(long position, ReadOnlySpan<byte> bytes);

    /// <summary>Writes the pieces one after the other, in as few system calls as the limit on pieces allows.</summary>
    void Write(long position, GatherList pieces);

    /// <summary>Asks the system to begin writing back. A hint: it makes nothing durable.</summary>
    void StartWriteBack(long position, long count);

    /// <summary>Makes the file's bytes durable, with the metadata needed to read them back. A failure is final.</summary>
    void SyncData();

    void SetLength(long length);

    /// <summary>Maps the file for reading; the map may be longer than the file, but only written bytes may be read.</summary>
    FileMap Map(int length);
}
