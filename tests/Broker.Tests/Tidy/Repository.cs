namespace Broker.Tests.Tidy;

/// <summary>The files of the repository that the tidy tests read.</summary>
internal static class Repository
{
    private static readonly string[] NotSources = ["bin", "obj", ".git", "artifacts", "data", "node_modules", "TestResults"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every file below <paramref name="folder"/> that matches, without build output, by ordinal path.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        var found = new List<string>();
        Collect(new DirectoryInfo(Path.Combine(Root, folder)), pattern, found);
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static void Collect(DirectoryInfo folder, string pattern, List<string> found)
    {
        if (!folder.Exists)
        {
            return;
        }

        found.AddRange(folder.EnumerateFiles(pattern).Select(file => file.FullName));
        foreach (DirectoryInfo child in folder.EnumerateDirectories())
        {
            // "data" names the broker's default data directory at the top level; samples/data holds sources.
            bool isSampleData = child.Name == "data" && folder.Name == "samples";
            if (!NotSources.Contains(child.Name) || isSampleData)
            {
                Collect(child, pattern, found);
            }
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Broker.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Broker.sln above {AppContext.BaseDirectory}.");
    }
}
