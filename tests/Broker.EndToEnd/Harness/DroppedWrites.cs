namespace Broker.EndToEnd.Harness;

/// <summary>What a power cut took: the difference between what processes saw and what the disk held.</summary>
/// <param name="Bytes">Bytes of files that are other ones on the disk, or missing there. Zeros that are missing do not count.</param>
/// <param name="Names">Files that were created, renamed or deleted, and on the disk were not.</param>
internal readonly record struct DroppedWrites(long Bytes, int Names)
{
    private const int ChunkBytes = 1 << 20;

    // A file system's clock ticks in milliseconds; a file written just before is compared once more than necessary.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(1);

    /// <param name="since">Files that were last written before are the same on both.</param>
    public static DroppedWrites Between(string seen, string onDisk, DateTimeOffset since)
    {
        DateTime changedAfter = since.UtcDateTime - ClockSlack;
        HashSet<string> before = Files(seen), after = Files(onDisk);
        long bytes = 0;
        foreach (string file in before)
        {
            string seenPath = Path.Combine(seen, file);
            if (File.GetLastWriteTimeUtc(seenPath) > changedAfter)
            {
                bytes += Differing(seenPath, after.Contains(file) ? Path.Combine(onDisk, file) : null);
            }
        }

        int kept = before.Count(after.Contains);
        return new DroppedWrites(bytes, before.Count + after.Count - (2 * kept));
    }

    private static HashSet<string> Files(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(directory, path))];

    private static long Differing(string seen, string? onDisk)
    {
        using FileStream seenFile = File.OpenRead(seen);
        using Stream diskFile = onDisk is null ? Stream.Null : File.OpenRead(onDisk);
        byte[] seenChunk = new byte[ChunkBytes], diskChunk = new byte[ChunkBytes];
        long differing = 0;
        int read;
        while ((read = seenFile.ReadAtLeast(seenChunk, ChunkBytes, throwOnEndOfStream: false)) > 0)
        {
            int there = diskFile.ReadAtLeast(diskChunk.AsSpan(0, read), read, throwOnEndOfStream: false);
            diskChunk.AsSpan(there..read).Clear();
            if (seenChunk.AsSpan(0, read).SequenceEqual(diskChunk.AsSpan(0, read)))
            {
                continue;
            }

            for (int at = 0; at < read; at++)
            {
                differing += seenChunk[at] == diskChunk[at] ? 0 : 1;
            }
        }

        return differing;
    }
}
