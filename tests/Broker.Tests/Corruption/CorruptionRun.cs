using System.Diagnostics;

namespace Broker.Tests.Corruption;

/// <summary>All kinds of damage, one after the other; a sample in CI, every bit by hand.</summary>
internal static class CorruptionRun
{
    /// <summary>The whole list for <c>tests/corruption</c>.</summary>
    public static async Task<List<Tally>> RunAsync(long seed, bool everyBit, int damages, Action<string> line)
    {
        using SampleDirectory sample = await SampleDirectory.CreateAsync(seed);
        var journal = new JournalSample(sample.Pristine);
        var tallies = new List<Tally>();
        int workers = Environment.ProcessorCount;

        // A prime, so that every bit of a byte gets its turn.
        int Step(int sampled) => everyBit ? 1 : sampled;
        await Do(() => SegmentBits.RunAsync(sample, Step(97)));
        await Do(() => Task.Run(() => JournalBits.BelowTheMark(journal, Step(997), workers)));
        await Do(() => Task.Run(() => JournalBits.AfterTheMark(journal, Step(13))));
        await Do(() => Task.Run(() => JournalTail.Cut(journal, seed, Step(97))));
        await Do(() => Task.Run(() => StateFiles.SnapshotBits(sample, Step(13))));
        await Do(() => Task.Run(() => StateFiles.IndexBits(sample, Step(13))));
        await Do(() => Task.Run(() => StateFiles.EachFile(
            sample, "indexes", Indexes, None, flips: everyBit ? 50 : 1, seed, Expectations.OneCopyOfTheState)));
        await Do(() => Task.Run(() => StateFiles.EachFile(
            sample, "snapshot log", Snapshots, None, flips: everyBit ? 200 : 5, seed, Expectations.OneCopyOfTheState)));
        await Do(() => Task.Run(() => StateFiles.EachFile(
            sample, "RocksDB", Rocks, None, flips: everyBit ? 20 : 1, seed, Expectations.OneCopyOfTheState)));
        await Do(() => Task.Run(() => StateFiles.EachFile(
            sample, "RocksDB, no snapshot log", Rocks, Snapshots, flips: everyBit ? 20 : 1, seed, Expectations.BothCopiesOfTheState)));
        await Do(() => Task.Run(() => StateFiles.EachFile(
            sample, "snapshot log, no RocksDB", Snapshots, Rocks, flips: everyBit ? 200 : 5, seed, Expectations.BothCopiesOfTheState)));
        await Do(() => Task.Run(() => StateFiles.EachFile(
            sample, "segments", Segments, None, flips: everyBit ? 50 : 1, seed, Expectations.AnyBelowMark)));
        await Do(() => Task.Run(() => RandomDamage.Run(sample, damages, seed)));
        return tallies;

        async Task Do(Func<Task<Tally>> run)
        {
            long started = Stopwatch.GetTimestamp();
            Tally tally = await run();
            tally.Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            tallies.Add(tally);
            line(tally.ToString());
            tally.Examples.ForEach(example => line("  " + example));
        }
    }

    private static IEnumerable<string> None(string directory) => [];

    private static string[] Indexes(string directory) =>
        Directory.GetFiles(Path.Combine(directory, "topics"), "*.index", SearchOption.AllDirectories);

    private static string[] Segments(string directory) =>
        Directory.GetFiles(Path.Combine(directory, "topics"), "*.log", SearchOption.AllDirectories);

    private static string[] Snapshots(string directory) => Directory.GetFiles(Path.Combine(directory, "state"));

    private static string[] Rocks(string directory) => Directory.GetFiles(Path.Combine(directory, "rocksdb"));
}
