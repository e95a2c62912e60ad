namespace Broker.EndToEnd.Harness;

/// <summary>Where the repository is, and how this test was built: what it packs or starts was built the same way.</summary>
internal static class BuildOutput
{
    /// <summary>Debug or Release: …/bin/Release/net10.0/.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A file of the repository.</summary>
    public static string PathOf(string relative) => Path.Combine(RepositoryRoot, relative);

    /// <summary>The assembly of a program whose project is in a folder of its own name.</summary>
    public static string AssemblyOf(string projectFolder) =>
        Path.Combine(RepositoryRoot, projectFolder, "bin", Configuration, "net10.0", Path.GetFileName(projectFolder) + ".dll");

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Broker.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"No Broker.sln above {AppContext.BaseDirectory}.");
    }
}
