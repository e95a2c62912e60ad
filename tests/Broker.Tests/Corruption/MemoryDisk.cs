using Broker.Storage.Files;

namespace Broker.Tests.Corruption;

/// <summary>
/// Files that are only read, in memory, so that one bit of one of them can be changed millions of times. The bytes are those
/// that the real engine wrote to the real disk.
/// </summary>
internal sealed class MemoryDisk : IDisk
{
    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    public int OpenFilesMax => int.MaxValue;

    /// <summary>The file's bytes themselves, to be changed in place.</summary>
    public byte[] this[string path]
    {
        get => _files[path];
        set => _files[path] = value;
    }

    /// <summary>Takes over the files of a directory.</summary>
    public static MemoryDisk Load(string directory)
    {
        var disk = new MemoryDisk();
        foreach (string path in Directory.GetFiles(directory))
        {
            disk[path] = File.ReadAllBytes(path);
        }

        return disk;
    }

    public IDiskFile Open(string path, FileOpening opening) => new MemoryFile(path, _files[path]);

    public bool FileExists(string path) => _files.ContainsKey(path);

    public IReadOnlyList<string> ListFiles(string directory) => [.. _files.Keys.Where(p => Path.GetDirectoryName(p) == directory)];

    public bool DirectoryExists(string path) => throw ReadsOnly();

    public IReadOnlyList<string> CreateDirectory(string path) => throw ReadsOnly();

    public IReadOnlyList<string> ListDirectories(string directory) => throw ReadsOnly();

    public void Rename(string from, string to) => throw ReadsOnly();

    public void DeleteFile(string path) => throw ReadsOnly();

    public void DeleteDirectory(string path) => throw ReadsOnly();

    public void SyncDirectory(string path) => throw ReadsOnly();

    public void SyncFileSystem(string path) => throw ReadsOnly();

    public long FreeBytes(string path) => throw ReadsOnly();

    public IDisposable? TryLock(string directory) => throw ReadsOnly();

    private static NotSupportedException ReadsOnly() => new("This disk is only read.");

    private sealed class MemoryFile(string path, byte[] bytes) : IDiskFile
    {
        public string Path => path;

        public long Length => bytes.Length;

        public int Read(long position, Span<byte> buffer)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan((int)Math.Min(position, bytes.Length));
            int count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            return count;
        }

        public int ReadFromDevice(long position, AlignedBuffer buffer, int at, int count) =>
            Read(position, buffer.Span.Slice(at, count));

        public void Write(long position, ReadOnlySpan<byte> bytes) => throw ReadsOnly();

        public void Write(long position, GatherList pieces) => throw ReadsOnly();

        public void StartWriteBack(long position, long count) => throw ReadsOnly();

        public void SyncData() => throw ReadsOnly();

        public void SetLength(long length) => throw ReadsOnly();

        public FileMap Map(int length) => throw ReadsOnly();

        public void Dispose()
        {
        }
    }
}
