namespace Broker.EndToEnd.Harness;

/// <summary>A directory on a file system of its own, empty, unmounted and deleted with its owner. Needs root.</summary>
internal sealed class MountedDirectory : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private MountedDirectory(string fileSystem, Func<string, string> options)
    {
        Path = Directory.CreateDirectory(System.IO.Path.Combine(_directory.Path, "mounted")).FullName;
        try
        {
            SystemCommand.Run("mount", "-t", fileSystem, "-o", options(_directory.Path), fileSystem, Path);
        }
        catch
        {
            _directory.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>What a container's own file system is: changes lie over something that stays as it is.</summary>
    public static MountedDirectory Overlay() => new("overlay", root =>
    {
        string[] parts = [.. new[] { "lower", "upper", "work" }.Select(name => Directory.CreateDirectory(System.IO.Path.Combine(root, name)).FullName)];
        return $"lowerdir={parts[0]},upperdir={parts[1]},workdir={parts[2]}";
    });

    public static MountedDirectory Memory() => new("tmpfs", _ => "size=1g");

    public void Dispose()
    {
        SystemCommand.Run("umount", Path);
        _directory.Dispose();
    }
}
