namespace Broker.EndToEnd;

/// <summary>The files of samples/data, found from the test's own directory upwards.</summary>
internal static class SampleData
{
    public static string PathOf(string name)
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            string path = Path.Combine(directory.FullName, "samples", "data", name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException($"samples/data/{name} is not above {AppContext.BaseDirectory}");
    }

    public static Task<string[]> LinesAsync(string name) => File.ReadAllLinesAsync(PathOf(name));
}
