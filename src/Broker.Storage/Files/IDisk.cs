namespace Broker.Storage.Files;

/// <summary>
/// The file system as storage uses it. Every failure is a <see cref="DiskException"/>. Creating, renaming and deleting are
/// durable only after <see cref="SyncDirectory"/> on the parent.
/// </summary>
internal interface IDisk
{
    /// <summary>How many files, connections among them, this process may have open at once.</summary>
    int OpenFilesMax { get; }

    /// <summary>Opens for reading and writing. The bytes of a new file are readable by the owner only.</summary>
    IDiskFile Open(string path, FileOpening opening);

    bool FileExists(string path);

    bool DirectoryExists(string path);

    /// <summary>Creates the directory and its missing parents, for the owner only.</summary>
    /// <returns>The parents whose entries changed and need a <see cref="SyncDirectory"/>.</returns>
    IReadOnlyList<string> CreateDirectory(string path);

    /// <summary>Full paths of the files in a directory, in ordinal order; none when it does not exist.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>Full paths of the directories in a directory, in ordinal order; none when it does not exist.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    void Rename(string from, string to);

    void DeleteFile(string path);

    /// <summary>Deletes a directory with everything in it.</summary>
    void DeleteDirectory(string path);

    void SyncDirectory(string path);

    /// <summary>Makes everything written so far on the path's file system durable.</summary>
    void SyncFileSystem(string path);

    /// <summary>Bytes that may still be written to the path's file system.</summary>
    long FreeBytes(string path);

    /// <summary>Takes the directory for this process alone, until disposed or the process ends.</summary>
    /// <returns>Null when another process holds it.</returns>
    IDisposable? TryLock(string directory);
}
