namespace Broker.EndToEnd.Harness;

/// <summary>One mapping of a file in a process, as /proc/PID/maps shows it.</summary>
/// <param name="Range">From address to address.</param>
/// <param name="Access">Such as r--s: readable, not writable, shared.</param>
internal readonly record struct MappedFile(string Range, string Access, string Path)
{
    /// <summary>The mappings of files below a directory, by path.</summary>
    public static MappedFile[] Of(int processId, string directory)
    {
        // 7f5a0c000000-7f5a0c040000 r--s 00000000 fe:00 1234   /data/topics/…/00000000000000000000.log
        const int columns = 6;
        return
        [
            .. File.ReadLines($"/proc/{processId}/maps")
                .Select(line => line.Split(' ', columns, StringSplitOptions.RemoveEmptyEntries))
                .Where(parts => parts.Length == columns && parts[^1].StartsWith(directory, StringComparison.Ordinal))
                .Select(parts => new MappedFile(parts[0], parts[1], parts[^1].Trim()))
                .OrderBy(map => map.Path, StringComparer.Ordinal),
        ];
    }
}
