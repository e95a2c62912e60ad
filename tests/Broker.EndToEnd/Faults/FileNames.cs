using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>Which file has which name: a file that is used again keeps its inode and gets another name.</summary>
internal sealed class FileNames
{
    private readonly Dictionary<string, string> _byInode;

    private FileNames(Dictionary<string, string> byInode) => _byInode = byInode;

    public static FileNames Of(string directory) =>
        new(SystemCommand.Run("find", directory, "-ignore_readdir_race", "-type", "f", "-printf", "%i %P\\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 2)).ToDictionary(parts => parts[0], parts => parts[1]));

    /// <summary>How many journal and segment files had another name then.</summary>
    public int RenamedSince(FileNames then) => _byInode.Count(now =>
        (now.Value.StartsWith("journal/", StringComparison.Ordinal) || now.Value.StartsWith("topics/", StringComparison.Ordinal))
        && then._byInode.TryGetValue(now.Key, out string? before) && before != now.Value);
}
