using System.Globalization;
using System.Text.RegularExpressions;
using Broker.Cli;

namespace Broker.Load.Servers;

/// <summary>What a directory is on: a disk, or something that only looks like one.</summary>
internal static partial class FileSystem
{
    // Of these a sync promises nothing, or they copy whole files at the first write.
    private static readonly string[] NoDisks = ["tmpfs", "ramfs", "overlay", "aufs"];

    /// <summary>The type of the file system that holds the path, such as ext4; "unknown" where the system does not tell.</summary>
    public static string TypeOf(string path)
    {
        const string mounts = "/proc/self/mountinfo";
        if (!File.Exists(mounts))
        {
            return "unknown";
        }

        string full = Path.GetFullPath(path);
        // The last mount on the longest matching directory is the one that is seen.
        return File.ReadLines(mounts).Select(Parse)
            .Where(mount => full == mount.Directory || full.StartsWith(mount.Directory.TrimEnd('/') + "/", StringComparison.Ordinal))
            .OrderBy(mount => mount.Directory.Length)
            .Select(mount => mount.Type)
            .LastOrDefault("unknown");
    }

    /// <exception cref="CliException">It is not a disk, and nobody said that this does not matter.</exception>
    public static string Check(string path, bool acceptsAny)
    {
        string type = TypeOf(path);
        return acceptsAny || !NoDisks.Contains(type)
            ? type
            : throw new CliException(
                $"{path} is on {type}, where a sync means nothing: name a directory on a disk with --data-dir, or say --any-filesystem and read the figures so",
                ExitCode.Usage);
    }

    // 36 35 98:0 /root /mnt\040point rw,noatime shared:1 - ext4 /dev/sda1 rw
    private static (string Directory, string Type) Parse(string line)
    {
        string[] parts = line.Split(" - ", 2);
        string directory = Escape().Replace(
            parts[0].Split(' ')[4], match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString(CultureInfo.InvariantCulture));
        return (directory, parts[1].Split(' ')[0]);
    }

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Escape();
}
