namespace Broker.Cli.Demo;

/// <summary>Where a demo keeps its data: a directory of the user's, or one of its own that goes with it.</summary>
internal sealed class DemoDirectory : IDisposable
{
    private DemoDirectory(string path, bool isTemporary)
    {
        Path = path;
        IsTemporary = isTemporary;
    }

    public string Path { get; }

    public bool IsTemporary { get; }

    /// <param name="path">Null for a temporary one.</param>
    public static DemoDirectory Open(string? path)
    {
        if (path is null)
        {
            return new DemoDirectory(Directory.CreateTempSubdirectory("broker-demo-").FullName, isTemporary: true);
        }

        string full = System.IO.Path.GetFullPath(path);
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
        {
            throw new CliException(
                $"{full} is not empty: the demo begins with an empty directory "
                + $"(to run a broker on this one: broker serve --data_dir={path})");
        }

        return new DemoDirectory(full, isTemporary: false);
    }

    public void Dispose()
    {
        if (IsTemporary)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
