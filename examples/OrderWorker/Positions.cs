namespace OrderWorker;

/// <summary>The offset of the next order of each partition, in a small file each.</summary>
/// <remarks>An application with a database stores the offset there, in the transaction that does the work: then each order counts once.</remarks>
internal sealed class Positions(string directory)
{
    /// <returns>Null before the first order.</returns>
    public long? Load(int partition)
    {
        string path = PathOf(partition);
        return File.Exists(path) ? long.Parse(File.ReadAllText(path)) : null;
    }

    public void Save(int partition, long nextOffset)
    {
        Directory.CreateDirectory(directory);
        string path = PathOf(partition);
        // Renamed into place: a crash leaves the old file or the new one, never half of one.
        File.WriteAllText(path + ".next", $"{nextOffset}");
        File.Move(path + ".next", path, overwrite: true);
    }

    private string PathOf(int partition) => Path.Combine(directory, $"orders-{partition}");
}
