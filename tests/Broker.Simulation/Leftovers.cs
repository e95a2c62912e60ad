using Broker.Client.Testing.Disk;
using Broker.Engine.State;
using Broker.Simulation.Disk;
using Broker.Simulation.Model;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>What a data directory may hold after a graceful stop: nothing that nobody needs, and the same state twice.</summary>
internal static class Leftovers
{
    // Those kept for reuse, those made ready, and the one that was written.
    private const int JournalFilesMax = 10;

    public static void Check(SimulatedDisk disk, StateStoreMedium store, HashSet<string> segmentPaths, BrokerModel model)
    {
        string[] files = [.. disk.AllFiles];
        foreach (string path in files)
        {
            string directory = path.Split('/')[2];
            bool isOwned = directory switch
            {
                "journal" => path.EndsWith(".journal", StringComparison.Ordinal),
                "state" => path.EndsWith(".snapshot", StringComparison.Ordinal),
                "recycle" => path.EndsWith(".free", StringComparison.Ordinal),
                _ => segmentPaths.Contains(path),
            };
            Checks.Expect(isOwned, $"{path} is left over.");
        }

        int journals = files.Count(p => p.EndsWith(".journal", StringComparison.Ordinal));
        Checks.Expect(journals <= JournalFilesMax, $"{journals} journal files are left.");
        Checks.Expect(files.Count(p => p.EndsWith(".snapshot", StringComparison.Ordinal)) == 1, "There is more than one snapshot file.");
        long recycled = files.Where(p => p.EndsWith(".free", StringComparison.Ordinal)).Sum(p => (long)disk.Bytes(p).Length);
        Checks.Expect(recycled <= SimulationRun.Options.RecycleBytesMax, $"{recycled} bytes are kept for reuse.");
        HashSet<string> topics = [.. model.Living.Select(t => t.Id.ToString())];
        foreach (string directory in disk.AllDirectories.Where(d => Path.GetDirectoryName(d) == SimulationRun.Root + "/topics"))
        {
            Checks.Expect(topics.Contains(Path.GetFileName(directory)), $"The directory {directory} of a deleted topic is left over.");
        }

        using var fromStore = new StoredState();
        if (store.Content is not null)
        {
            fromStore.Apply(store.Content.Record);
        }

        using var log = new SnapshotLog(disk, SimulationRun.Root + "/state");
        using StoredState fromLog = log.Load() ?? throw new Violation("The snapshot log is empty.");
        foreach (StateFamily family in Enum.GetValues<StateFamily>())
        {
            bool same = fromStore.Family(family).Count == fromLog.Family(family).Count
                && fromStore.Family(family).Zip(fromLog.Family(family)).All(
                    pair => pair.First.Key.Span.SequenceEqual(pair.Second.Key.Span) && pair.First.Value.Span.SequenceEqual(pair.Second.Value.Span));
            Checks.Expect(same, $"The two copies of the state differ in {family}.");
        }
    }
}
