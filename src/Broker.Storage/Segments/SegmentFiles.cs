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
    private readonly List<string> _deletedTopics = [];
    private readonly List<string> _removedTopics = [];
    private long _recycledBytes;
    private long _recycledNumber;

    public SegmentFiles(IDisk disk, string root, long recycleBytesMax, StorageMetrics metrics)
    {
        Disk = disk;
        Metrics = metrics;
        Open = new OpenSegmentFiles(OpenSegmentFiles.CountFor(disk.OpenFilesMax));
        DataDirectory = root;
        _root = Path.Combine(root, "topics");
        _recycleDirectory = Path.Combine(root, "recycle");
        _recycleBytesMax = recycleBytesMax;
        Note(disk.CreateDirectory(_root));
        Note(disk.CreateDirectory(_recycleDirectory));

        // A broker that was killed may have changed names and not synced them.
        Note(_root);
        Note(_recycleDirectory);
        foreach (string leftOver in disk.ListFiles(_recycleDirectory))
        {
            Adopt(leftOver);
        }
    }

    public IDisk Disk { get; }

    public StorageMetrics Metrics { get; }

    /// <summary>Those that are open.</summary>
    public OpenSegmentFiles Open { get; }

    /// <summary>
    /// Whether the kernel is asked to begin writing back what is written. Not while the journal is replayed: what is left to
    /// read, and the first sync of the start, would wait behind it.
    /// </summary>
    public bool StartsWriteBack { get; set; }

    /// <summary>Absolute.</summary>
    public string DataDirectory { get; }

    public string TopicDirectory(string topic) => Path.Combine(_root, topic);

    public string PartitionDirectory(string topic, int partition) =>
        Path.Combine(_root, topic, partition.ToString());

    public IReadOnlyList<string> TopicDirectories() => Disk.ListDirectories(_root);

    public static string LogPath(string directory, long baseOffset) => Path.Combine(directory, baseOffset.ToString("D20") + LogExtension);

    public static string IndexPath(string directory, long baseOffset) => Path.Combine(directory, baseOffset.ToString("D20") + IndexFile.Extension);

    /// <summary>Opens a segment for writing; makes it, from a recycled file where there is one, when it is not there.</summary>
    /// <param name="isNew">Nothing was written to it that a checkpoint knows.</param>
    public IDiskFile OpenForAppend(string path, bool isNew)
    {
        string directory = Path.GetDirectoryName(path)!;
        if (Disk.FileExists(path))
        {
            if (isNew)
            {
                // Made by a broker that was killed before a checkpoint: no name on the way to it need be on the disk.
                Note([directory, Path.GetDirectoryName(directory)!, _root]);
            }

            return Disk.Open(path, FileOpening.Existing);
        }

        if (!Disk.DirectoryExists(directory))
        {
            // Noted before: when there is no room for all of them, the first of them may have been made.
            Note([Path.GetDirectoryName(directory)!, _root]);
            Disk.CreateDirectory(directory);
        }

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
            string free = Path.Combine(_recycleDirectory, (_recycledNumber++) + RecycledExtension);
            if (_recycledBytes + bytes <= _recycleBytesMax && bytes > 0 && TryRename(path, free))
            {
                _recycled.Push((free, bytes));
                _recycledBytes += bytes;
                _changedDirectories.Add(_recycleDirectory);
                return;
            }
        }

        Disk.DeleteFile(path);
    }

    /// <returns>False when there is no room for the new name.</returns>
    private bool TryRename(string from, string to)
    {
        try
        {
            Disk.Rename(from, to);
            return true;
        }
        catch (DiskException e) when (e.IsOutOfSpace)
        {
            return false;
        }
    }

    /// <summary>Deletes the files that are kept for reuse: the space is needed elsewhere.</summary>
    public void DropRecycled()
    {
        lock (_gate)
        {
            while (_recycled.TryPop(out (string Path, long Bytes) free))
            {
                Disk.DeleteFile(free.Path);
                _recycledBytes -= free.Bytes;
            }
        }
    }

    private bool RemoveIfEmpty(string directory)
    {
        if (!Disk.DirectoryExists(directory))
        {
            return true;
        }

        bool empty = Disk.ListFiles(directory).Count == 0;
        foreach (string inner in Disk.ListDirectories(directory))
        {
            empty &= RemoveIfEmpty(inner);
        }

        if (empty)
        {
            Disk.DeleteDirectory(directory);
            _changedDirectories.Remove(directory);
        }

        return empty;
    }

    private void Adopt(string leftOver)
    {
        long bytes;
        using (IDiskFile file = Disk.Open(leftOver, FileOpening.ReadOnly))
        {
            bytes = file.Length;
        }

        bool known = long.TryParse(Path.GetFileNameWithoutExtension(leftOver), out long number);
        if (known && _recycledBytes + bytes <= _recycleBytesMax)
        {
            _recycled.Push((leftOver, bytes));
            _recycledBytes += bytes;
            _recycledNumber = Math.Max(_recycledNumber, number + 1);
        }
        else
        {
            Disk.DeleteFile(leftOver);
        }
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

    /// <summary>Has the topic's directories removed by <see cref="RemoveEmptyDirectories"/>.</summary>
    public void NoteDeletedTopic(string topic)
    {
        lock (_gate)
        {
            _deletedTopics.Add(TopicDirectory(topic));
        }
    }

    /// <summary>Removes the directories of deleted topics that are empty by now. One with a file in it stays for another time.</summary>
    public void RemoveEmptyDirectories()
    {
        lock (_gate)
        {
            foreach (string directory in _deletedTopics.Where(RemoveIfEmpty).ToArray())
            {
                _deletedTopics.Remove(directory);
                _removedTopics.Add(Path.GetFileName(directory));
                _changedDirectories.Add(_root);
            }
        }
    }

    /// <summary>The deleted topics whose directories were removed since the last call.</summary>
    public IReadOnlyList<string> TakeRemovedTopics()
    {
        lock (_gate)
        {
            string[] removed = [.. _removedTopics];
            _removedTopics.Clear();
            return removed;
        }
    }

    /// <summary>Deletes what a crash has left of a topic that was deleted; its directories go with the next checkpoint.</summary>
    public void DeleteTopicFiles(string topic)
    {
        foreach (string directory in Disk.ListDirectories(TopicDirectory(topic)))
        {
            foreach (string path in Disk.ListFiles(directory))
            {
                Disk.DeleteFile(path);
            }
        }

        NoteDeletedTopic(topic);
    }

    /// <summary>Deletes what a crash has left of segments that were freed: they began before the log start.</summary>
    /// <param name="kept">The base offsets of the segments that there are.</param>
    public void DeleteFreedSegments(string directory, long logStartOffset, IReadOnlySet<long> kept)
    {
        foreach (string path in Disk.ListFiles(directory))
        {
            bool isLog = Path.GetExtension(path) == LogExtension;
            bool isIndex = Path.GetExtension(path) == IndexFile.Extension;
            if ((isLog || isIndex) && long.TryParse(Path.GetFileNameWithoutExtension(path), out long baseOffset)
                && !kept.Contains(baseOffset) && (isIndex || baseOffset < logStartOffset))
            {
                Disk.DeleteFile(path);
                Note(directory);
            }
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
