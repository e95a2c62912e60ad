namespace Broker.Client.Testing.Disk;

internal enum EntryChangeKind
{
    Create,
    Delete,
    Rename,
    MakeDirectory,
    RemoveDirectory,
}

/// <summary>One change of a directory that no directory sync has followed yet.</summary>
/// <param name="To">The new name of a rename.</param>
internal sealed record EntryChange(EntryChangeKind Kind, string Path, string? To = null, MemoryBytes? File = null)
{
    /// <summary>Whether this change can only be found after a crash together with an earlier one.</summary>
    public bool DependsOn(EntryChange earlier) =>
        Touches(earlier.Path) || (earlier.To is { } to && Touches(to))
        || (earlier.Kind == EntryChangeKind.MakeDirectory && IsWithin(earlier.Path))
        || (Kind == EntryChangeKind.RemoveDirectory && earlier.IsWithin(Path));

    public bool ChangesDirectory(string directory) => ParentOf(Path) == directory || (To is not null && ParentOf(To) == directory);

    private static string? ParentOf(string path) => System.IO.Path.GetDirectoryName(path);

    private bool Touches(string path) => Path == path || To == path;

    private bool IsWithin(string directory)
    {
        string prefix = directory + System.IO.Path.DirectorySeparatorChar;
        return Path.StartsWith(prefix, StringComparison.Ordinal) || (To?.StartsWith(prefix, StringComparison.Ordinal) ?? false);
    }
}
