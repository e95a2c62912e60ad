using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>Which file has which name: a file that is used again keeps its inode and gets another name.</summary>
internal sealed class FileNames
{
    private readonly Dictionary<string, string> _byInode;

    private FileNames(Dictionary<string, string> byInode) => _byInode = byInode;

    /// <summary>A file that gets another name meanwhile may be met twice; then the later one counts.</summary>
    public static FileNames Of(string directory)
    {
        var byInode = new Dictionary<string, string>();
        string listing = SystemCommand.Run("find", directory, "-ignore_readdir_race", "-type", "f", "-printf", "%i %P\\n");
        foreach (string[] parts in listing.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2)))
        {
            byInode[parts[0]] = parts[1];
        }

        return new FileNames(byInode);
    }

    /// <summary>How many journal and segment files had another name then.</summary>
    public int RenamedSince(FileNames then) => _byInode.Count(now =>
        (now.Value.StartsWith("journal/", StringComparison.Ordinal) || now.Value.StartsWith("topics/", StringComparison.Ordinal))
        && then._byInode.TryGetValue(now.Key, out string? before) && before != now.Value);
}
