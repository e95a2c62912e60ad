using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>
/// Where segments live, and what is left of freed ones: their files are kept for reuse up to a limit, because writing to
/// blocks that exist is several times cheaper. Old bytes in a reused file never count: checksums are seeded with topic and
/// partition, and offsets and LSNs must continue. Also remembers which directories changed since the last checkpoint.
/// </summary>
internal sealed class SegmentFiles
{
    public const string LogExtension = ".log";
    private const string RecycledExtension = ".free";

    private readonly Lock _gate = new();
    private readonly string _root;
    private readonly string _recycleDirectory;
    private readonly long _recycleBytesMax;
    private readonly Stack<(string Path, long Bytes)> _recycled = new();
    private readonly HashSet<string> _changedDirectories = new(StringComparer.Ordinal);
    private long _recycledBytes;
    private long _recycledNumber;

    public SegmentFiles(IDisk disk, string root, long recycleBytesMax, StorageMetrics metrics)
    {
        Disk = disk;
        Metrics = metrics;
        _root = Path.Combine(root, "topics");
        _recycleDirectory = Path.Combine(root, "recycle");
        _recycleBytesMax = recycleBytesMax;
        Note(disk.CreateDirectory(_root));
        Note(disk.CreateDirectory(_recycleDirectory));
        foreach (string leftOver in disk.ListFiles(_recycleDirectory))
        {
            disk.DeleteFile(leftOver);
        }
    }

    public IDisk Disk { get; }

    public StorageMetrics Metrics { get; }

    public string TopicDirectory(string topic) => Path.Combine(_root, topic);

    public string PartitionDirectory(string topic, int partition) =>
        Path.Combine(_root, topic, partition.ToString());

    public IReadOnlyList<string> TopicDirectories() => Disk.ListDirectories(_root);

    public static string LogPath(string directory, long baseOffset) => Path.Combine(directory, baseOffset.ToString("D20") + LogExtension);

    public static string IndexPath(string directory, long baseOffset) => Path.Combine(directory, baseOffset.ToString("D20") + IndexFile.Extension);

    /// <summary>Opens a segment for writing; makes it, from a recycled file where there is one, when it is not there.</summary>
    public IDiskFile OpenForAppend(string path)
    {
        if (Disk.FileExists(path))
        {
            return Disk.Open(path, FileOpening.Existing);
        }

        string directory = Path.GetDirectoryName(path)!;
        Note(Disk.CreateDirectory(directory));
        Note(directory);
        lock (_gate)
        {
            if (_recycled.TryPop(out (string Path, long Bytes) free))
            {
                _recycledBytes -= free.Bytes;
                Disk.Rename(free.Path, path);
                return Disk.Open(path, FileOpening.Existing);
            }
        }

        return Disk.Open(path, FileOpening.New);
    }

    /// <summary>Takes back the file of a segment that nobody reads any more.</summary>
    public void Free(string path, long bytes)
    {
        Note(Path.GetDirectoryName(path)!);
        lock (_gate)
        {
            if (_recycledBytes + bytes <= _recycleBytesMax && bytes > 0)
            {
                string free = Path.Combine(_recycleDirectory, (_recycledNumber++) + RecycledExtension);
                Disk.Rename(path, free);
                _recycled.Push((free, bytes));
                _recycledBytes += bytes;
                _changedDirectories.Add(_recycleDirectory);
                return;
            }
        }

        Disk.DeleteFile(path);
    }

    public void Note(string directory)
    {
        lock (_gate)
        {
            _changedDirectories.Add(directory);
        }
    }

    public void Note(IReadOnlyList<string> directories)
    {
        foreach (string directory in directories)
        {
            Note(directory);
        }
    }

    /// <summary>The directories whose entries changed since the last call.</summary>
    public IReadOnlyList<string> TakeChangedDirectories()
    {
        lock (_gate)
        {
            string[] changed = [.. _changedDirectories];
            _changedDirectories.Clear();
            return changed;
        }
    }
}
