namespace Broker.Client.Testing.Disk;

/// <summary>Names of files and directories.</summary>
internal sealed class EntryTable
{
    private static readonly string Root = Path.GetPathRoot(Path.GetFullPath("/"))!;

    public SortedDictionary<string, MemoryBytes> Files { get; private init; } = new(StringComparer.Ordinal);

    public SortedSet<string> Directories { get; private init; } = new([Root], StringComparer.Ordinal);

    public EntryTable Clone() => Clone(file => file);

    public EntryTable Clone(Func<MemoryBytes, MemoryBytes> file) => new()
    {
        Files = new SortedDictionary<string, MemoryBytes>(Files.ToDictionary(f => f.Key, f => file(f.Value)), StringComparer.Ordinal),
        Directories = new SortedSet<string>(Directories, StringComparer.Ordinal),
    };

    public void Apply(EntryChange change)
    {
        switch (change.Kind)
        {
            case EntryChangeKind.Create:
                Files[change.Path] = change.File!;
                break;
            case EntryChangeKind.Delete:
                Files.Remove(change.Path);
                break;
            case EntryChangeKind.Rename:
                Files.Remove(change.Path);
                Files[change.To!] = change.File!;
                break;
            case EntryChangeKind.MakeDirectory:
                Directories.Add(change.Path);
                break;
            default:
                Directories.Remove(change.Path);
                break;
        }
    }

    /// <summary>Removes what lies in a directory that is not there.</summary>
    public void DropOrphans()
    {
        foreach (string directory in Directories.ToArray())
        {
            if (directory != Root && !Directories.Contains(Path.GetDirectoryName(directory)!))
            {
                Directories.Remove(directory);
            }
        }

        foreach (string path in Files.Keys.ToArray())
        {
            if (!Directories.Contains(Path.GetDirectoryName(path)!))
            {
                Files.Remove(path);
            }
        }
    }
}
