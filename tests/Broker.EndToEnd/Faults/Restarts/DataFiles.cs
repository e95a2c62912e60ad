namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>What a data directory may hold when its broker has been stopped in order.</summary>
internal static class DataFiles
{
    // The tail that a start would replay, and as much kept for reuse, in files of 1 MiB; one is written and one is ready.
    private const int JournalFilesMax = 2 + 4 + 2;

    public static int Count(string directory) => All(directory).Count;

    /// <returns>A line for each file or directory that nobody needs.</returns>
    public static IReadOnlyList<string> LeftOver(string directory)
    {
        IReadOnlyList<string> all = All(directory);
        var leftOver = new List<string>();
        leftOver.AddRange(all.Where(file => !IsKnown(file)).Select(file => $"unknown: {file}"));
        AddWhenMore(leftOver, "journal/", max: JournalFilesMax, all);
        AddWhenMore(leftOver, "state/", max: 1, all);

        HashSet<string> segments = [.. all.Where(file => file.EndsWith(".log", StringComparison.Ordinal))];
        leftOver.AddRange(all
            .Where(file => file.EndsWith(".index", StringComparison.Ordinal) && !segments.Contains(Path.ChangeExtension(file, ".log")))
            .Select(file => $"index without its segment: {file}"));
        return leftOver;
    }

    private static void AddWhenMore(List<string> leftOver, string below, int max, IReadOnlyList<string> all)
    {
        string[] files = [.. all.Where(file => file.StartsWith(below, StringComparison.Ordinal))];
        if (files.Length > max)
        {
            leftOver.Add($"{files.Length} files in {below}, at most {max} are needed: {string.Join(", ", files)}");
        }
    }

    private static bool IsKnown(string file) => file == "lock" || (file.Split('/')[0], Path.GetExtension(file)) switch
    {
        ("journal", ".journal") or ("recycle", ".free") or ("state", ".snapshot") => true,
        ("topics", ".log" or ".index") => true,
        ("rocksdb", _) => !file.EndsWith("tmp", StringComparison.Ordinal),
        _ => false,
    };

    private static List<string> All(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(directory, path)).Order(StringComparer.Ordinal)];
}
