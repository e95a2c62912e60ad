using System.Security.Cryptography;
using Broker.Engine.State;
using Broker.Storage.Files;
using Broker.Storage.Segments;

namespace Broker.Tests.Corruption;

/// <summary>Damage in what is made from the log: snapshot log, indexes, RocksDB.</summary>
internal static class StateFiles
{
    /// <summary>Every bit of the snapshot log: what loads is a whole state that once was, and known not to be the newest.</summary>
    public static Tally SnapshotBits(SampleDirectory sample, int step)
    {
        var tally = new Tally("snapshot log, bits");
        string directory = Path.Combine(sample.Pristine, "state");
        MemoryDisk disk = MemoryDisk.Load(directory);
        string path = Assert.Single(disk.ListFiles(directory));
        byte[] file = disk[path];
        var states = new HashSet<string>();
        string newest = "";
        for (int at = 0; at < file.Length; at += BitConverter.ToInt32(file, at + SnapshotLog.SizeAt))
        {
            disk[path] = file[..(at + BitConverter.ToInt32(file, at + SnapshotLog.SizeAt))];
            newest = Load(disk, directory, out _)!;
            states.Add(newest);
        }

        disk[path] = file;
        Assert.InRange(states.Count, 2, 100);
        for (long bit = 0; bit < file.Length * 8L; bit += step)
        {
            int position = (int)(bit / 8);
            file[position] ^= (byte)(1 << (int)(bit % 8));
            string? found = Load(disk, directory, out bool isWhole);
            file[position] ^= (byte)(1 << (int)(bit % 8));
            Outcome outcome = found is null ? Outcome.Refused
                : !states.Contains(found) ? Outcome.WrongBytes
                : isWhole ? Outcome.SilentLoss
                : found == newest ? Outcome.Same : Outcome.OlderState;
            tally.Count(outcome, Outcome.OlderState | Outcome.Refused | Outcome.Same, () => $"bit {bit % 8} of byte {position}");
        }

        return tally;
    }

    /// <summary>Every bit of an index: what loads is the beginning of what was written.</summary>
    public static Tally IndexBits(SampleDirectory sample, int step)
    {
        var tally = new Tally("index, bits");
        string path = Directory.GetFiles(Path.Combine(sample.Pristine, "topics"), "*.index", SearchOption.AllDirectories).MaxBy(p => new FileInfo(p).Length)!;
        byte[] file = File.ReadAllBytes(path);
        string partition = Path.GetDirectoryName(path)!;
        uint seed = Broker.Records.Crc32C.Append(
            Broker.Records.StoredBatch.PrefixSeed(
                new Broker.Records.TopicId(Guid.Parse(Path.GetFileName(Path.GetDirectoryName(partition)!))), int.Parse(Path.GetFileName(partition))),
            BitConverter.GetBytes(long.Parse(Path.GetFileNameWithoutExtension(path))));
        var written = new SegmentIndex();
        IndexFile.Load(file, seed, int.MaxValue, written);
        Assert.InRange(written.Count, 50, 100_000);
        for (long bit = 0; bit < file.Length * 8L; bit += step)
        {
            int position = (int)(bit / 8);
            file[position] ^= (byte)(1 << (int)(bit % 8));
            var found = new SegmentIndex();
            IndexFile.Load(file, seed, int.MaxValue, found);
            file[position] ^= (byte)(1 << (int)(bit % 8));
            bool isRight = found.Count < written.Count && found.Entries(0).SequenceEqual(written.Entries(0)[..found.Count]);
            tally.Count(isRight ? Outcome.OlderState : Outcome.WrongBytes, Outcome.OlderState, () => $"bit {bit % 8} of byte {position}");
        }

        return tally;
    }

    /// <summary>Each file of a folder removed, cut, and flipped in places, under a start of the real engine.</summary>
    /// <param name="alsoLost">Files that are gone as well.</param>
    public static Tally EachFile(
        SampleDirectory sample, string name, Func<string, IEnumerable<string>> files, Func<string, IEnumerable<string>> alsoLost,
        int flips, long seed, Outcome expected)
    {
        var tally = new Tally(name);
        var random = new Random((int)seed);
        foreach (string file in files(sample.Pristine).Select(p => Path.GetRelativePath(sample.Pristine, p)).Order(StringComparer.Ordinal))
        {
            long length = new FileInfo(Path.Combine(sample.Pristine, file)).Length;
            Try("removed", File.Delete);
            if (length > 0)
            {
                Try("emptied", path => File.WriteAllBytes(path, []));
                Try("zeroed", path => File.WriteAllBytes(path, new byte[length]));
                long cut = random.NextInt64(length);
                Try($"cut at {cut}", path => File.WriteAllBytes(path, File.ReadAllBytes(path)[..(int)cut]));
            }

            for (int i = 0; i < flips && length > 0; i++)
            {
                long bit = random.NextInt64(length * 8);
                Try($"bit {bit % 8} of byte {bit / 8}", path =>
                {
                    byte[] bytes = File.ReadAllBytes(path);
                    bytes[bit / 8] ^= (byte)(1 << (int)(bit % 8));
                    File.WriteAllBytes(path, bytes);
                });
            }

            void Try(string what, Action<string> damage) =>
                EngineStart.Try(sample, tally, expected, $"{file} {what}", directory =>
                {
                    damage(Path.Combine(directory, file));
                    foreach (string lost in alsoLost(directory))
                    {
                        File.Delete(lost);
                    }
                });
        }

        return tally;
    }

    /// <returns>The hash of everything in it; null when nothing could be loaded.</returns>
    private static string? Load(IDisk disk, string directory, out bool isWhole)
    {
        using var log = new SnapshotLog(disk, directory);
        using StoredState? state = log.Load();
        isWhole = log.EndsCleanly;
        if (state is null)
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using StateChanges puts = state.AsPuts();
        foreach (StateChange put in puts)
        {
            hash.AppendData([(byte)put.Family]);
            hash.AppendData(put.Key.Span);
            hash.AppendData(put.Value.Span);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
