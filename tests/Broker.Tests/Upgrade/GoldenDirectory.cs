using System.IO.Compression;
using System.Text.Json;
using Broker.Engine;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Journal;
using Broker.Storage.Segments;
using Broker.Tests.Tidy;

namespace Broker.Tests.Upgrade;

/// <summary>A golden data directory, unpacked, with what it is to hold. Deleted with its owner.</summary>
internal sealed class GoldenDirectory : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("broker-upgrade-").FullName;

    public GoldenDirectory(string name)
    {
        DataDirectory = Path.Combine(_root, "data");
        ZipFile.ExtractToDirectory(Path.Combine(Folder, name + ".zip"), DataDirectory);
        Content = ReadContent(name);
    }

    public static string Folder { get; } = Path.Combine(Repository.Root, "tests/Broker.Tests/Upgrade/Golden");

    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.GetFiles(Folder, "*.zip").Select(p => Path.GetFileNameWithoutExtension(p)).Order(StringComparer.Ordinal)];

    /// <summary>The versions that this code writes.</summary>
    public static IReadOnlyDictionary<string, int> FormatsNow { get; } = new SortedDictionary<string, int>(StringComparer.Ordinal)
    {
        ["batch"] = StoredBatch.CurrentVersion,
        ["index"] = IndexFile.Version,
        ["journal"] = (int)JournalFormat.Version,
        ["snapshot"] = SnapshotLog.Version,
    };

    public string DataDirectory { get; }

    public GoldenContent Content { get; }

    public static GoldenContent ReadContent(string name) =>
        JsonSerializer.Deserialize<GoldenContent>(File.ReadAllText(Path.Combine(Folder, name + ".json")))!;

    /// <summary>The options that the golden directories were made with; nothing is freed by time.</summary>
    public static EngineOptions Options(string directory) => new()
    {
        DataDirectory = directory,
        JournalFileBytes = 1 << 20,
        JournalReplayBytesMax = 2 << 20,
        RecycleBytesMax = 1 << 20,
        ReserveBytes = 0,
        RetentionCheckInterval = TimeSpan.FromHours(1),
        TopicDefaults = TopicSettings.Default with { RetentionMs = TopicSettings.Unlimited },
    };

    /// <summary>Copies everything but the lock.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from).Where(f => Path.GetFileName(f) != "lock"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string directory in Directory.GetDirectories(from))
        {
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        }
    }

    public BrokerEngine Open() => BrokerEngine.Open(Options(DataDirectory), TimeProvider.System);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
