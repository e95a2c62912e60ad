using Broker.Engine.Topics;
using Broker.Storage;
using Broker.Storage.Segments;

namespace Broker.Engine.Inspection;

/// <summary>
/// Settles the damage of a data directory on which no broker runs, by an operator's word: what was mended is served again,
/// what is lost is given up for ever when the operator accepts that. Of a damaged journal, what comes before the damage is kept,
/// and what the rest has written to segments. Offsets never shift and no damaged byte is changed; a copy of each damaged file is
/// kept in the folder quarantine.
/// </summary>
internal static class Repair
{
    /// <summary>In the data directory: what repairs have done, appended to.</summary>
    public const string LogName = "repair.log";

    /// <summary>In the data directory: copies of what was given up.</summary>
    public const string QuarantineName = "quarantine";

    /// <summary>In the data directory: what the next start has to tell.</summary>
    internal const string NewsName = "repair.new";

    /// <summary>Reads the whole log and settles what it may.</summary>
    /// <param name="acceptLoss">Gives up the records that are damaged, and what a damaged journal cannot tell; without it nothing is lost.</param>
    /// <param name="progress">Told the path and size of each segment before it is read; may be null.</param>
    /// <exception cref="StorageException">A broker runs there, or the directory cannot be opened, as without any state.</exception>
    public static async Task<RepairResult> RunAsync(string path, bool acceptLoss, TimeProvider time, Action<string, long>? progress)
    {
        // Says in its own words when there is no data directory.
        using (DataDirectory.Open(path))
        {
        }

        string root = Path.GetFullPath(path);
        JournalRepair? journal = null;
        var options = new EngineOptions
        {
            DataDirectory = root,
            ReserveBytes = 0,
            ScrubBytesPerSecond = 0,
            RetentionCheckInterval = Timeout.InfiniteTimeSpan,
        };
        BrokerEngine opened;
        try
        {
            opened = BrokerEngine.Open(options, new EngineEnvironment { Time = time });
        }
        catch (CorruptLogException e)
        {
            if (!acceptLoss)
            {
                return new RepairResult([], new JournalRepair(e.Message, Salvage: null, KeptIn: null));
            }

            opened = BrokerEngine.Open(options with { AcceptsJournalLoss = true }, new EngineEnvironment { Time = time });
            journal = new JournalRepair(e.Message, opened.Parts.Salvage, Path.Combine(root, QuarantineName));
            await LogAsync(root, [journal.ToString()], time).ConfigureAwait(false);
        }

        var steps = new List<RepairStep>();
        await using (BrokerEngine engine = opened)
        {
            foreach (PartitionHandle partition in engine.Topics.SelectMany(t => t.Partitions))
            {
                foreach (Segment segment in partition.Log.Segments)
                {
                    progress?.Invoke(segment.LogPath, segment.EndPosition);
                }

                partition.Log.FindAllDamage(range => partition.Report(range));
                foreach (PartitionDamage damage in partition.Damages.Where(d => !d.IsLossAccepted))
                {
                    steps.Add(await SettleAsync(engine, partition, damage, root, acceptLoss).ConfigureAwait(false));
                }
            }
        }

        await LogAsync(root, steps.Where(s => s.Outcome != RepairOutcome.Waiting).Select(s => s.ToString()), time).ConfigureAwait(false);
        return new RepairResult(steps, journal);
    }

    private static async Task LogAsync(string root, IEnumerable<string> done, TimeProvider time)
    {
        string text = string.Concat(done.Select(line => $"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z {line}\n"));
        if (text.Length > 0)
        {
            await File.AppendAllTextAsync(Path.Combine(root, LogName), text).ConfigureAwait(false);
            await File.AppendAllTextAsync(Path.Combine(root, NewsName), text).ConfigureAwait(false);
        }
    }

    /// <summary>Takes what repairs have left to be told, once.</summary>
    internal static IReadOnlyList<string> TakeNews(string root)
    {
        string path = Path.Combine(root, NewsName);
        if (!File.Exists(path))
        {
            return [];
        }

        string[] news = File.ReadAllLines(path);
        File.Delete(path);
        return news;
    }

    private static async Task<RepairStep> SettleAsync(
        BrokerEngine engine, PartitionHandle partition, PartitionDamage damage, string root, bool acceptLoss)
    {
        string? kept = null;
        RepairOutcome outcome = partition.Log.IsMended(damage.Range) ? RepairOutcome.Mended
            : acceptLoss ? RepairOutcome.GivenUp
            : RepairOutcome.Waiting;
        if (outcome == RepairOutcome.GivenUp && File.Exists(damage.Path))
        {
            string folder = Path.Combine(root, QuarantineName);
            Directory.CreateDirectory(folder);
            kept = Path.Combine(folder, $"{partition.TopicId}-{partition.Partition}-{Path.GetFileName(damage.Path)}");
            if (!File.Exists(kept))
            {
                File.Copy(damage.Path, kept);
            }
        }

        if (outcome != RepairOutcome.Waiting)
        {
            await engine.SettleDamageAsync(partition, damage.Range, outcome == RepairOutcome.GivenUp).ConfigureAwait(false);
        }

        return new RepairStep(
            partition.TopicName, partition.Partition, damage.Range.FromOffset, damage.Range.NextOffset, damage.Path, outcome, kept);
    }
}
