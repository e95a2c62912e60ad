namespace Broker.Tests.Server;

internal static class RepositoryFiles
{
    /// <summary>Finds a file of the repository from wherever the tests were built to.</summary>
    public static string PathOf(string relativePath)
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Broker.sln")))
            {
                return Path.Combine(directory.FullName, relativePath);
            }
        }

        throw new InvalidOperationException("The tests do not run from within the repository.");
    }
}
