using System.Security.Cryptography;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Tests.Upgrade;

namespace Broker.Tests.Corruption;

/// <summary>
/// A data directory as kill -9 leaves it behind, written by the real engine: segments of 1 MiB that a checkpoint knows, and
/// behind it a journal of some files of 1 MiB, the last of which ends with a mark. Batches of at most 4 KiB.
/// </summary>
internal sealed class SampleDirectory : IDisposable
{
    public const int SegmentBytes = 1 << 20;
    private const int BatchBytesMax = 4096;

    private readonly string _root = Directory.CreateTempSubdirectory("broker-corruption-").FullName;
    private readonly Random _random;
    private readonly Lazy<(string File, int Bytes)[]> _checkpointed;
    private int _copies;

    private SampleDirectory(long seed)
    {
        _random = new Random((int)seed);
        _checkpointed = new(() =>
        [
            .. Directory.GetFiles(Path.Combine(Older, "topics"), "*.log", SearchOption.AllDirectories)
                .Select(p => (Path.GetRelativePath(Older, p), File.ReadAllBytes(p).AsSpan().TrimEnd((byte)0).Length)),
        ]);
    }

    /// <summary>As it was when everything in it had become durable. Never opened.</summary>
    public string Pristine => Path.Combine(_root, "pristine");

    /// <summary>The same directory some time before: for chunks that come back.</summary>
    public string Older => Path.Combine(_root, "older");

    public ServedContent Content { get; } = new();

    public static async Task<SampleDirectory> CreateAsync(long seed)
    {
        var sample = new SampleDirectory(seed);
        string data = Path.Combine(sample._root, "data");
        await using (BrokerEngine engine = BrokerEngine.Open(Options(data), TimeProvider.System))
        {
            await engine.CreateTopicAsync("a", 2, new Dictionary<string, string>(), default);
            await engine.CreateTopicAsync("b", 1, new Dictionary<string, string>(), default);
            await sample.AppendAsync(engine, batches: 2000);
        }

        GoldenDirectory.Copy(data, sample.Older);
        await using (BrokerEngine engine = BrokerEngine.Open(Options(data), TimeProvider.System))
        {
            await sample.AppendAsync(engine, batches: 2300);
            await engine.CreateTopicAsync("c", 1, new Dictionary<string, string>(), default);
            await sample.AppendAsync(engine, batches: 60);

            // An idle journal vouches for its end within 50 ms.
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            GoldenDirectory.Copy(data, sample.Pristine);
            sample.Content.Take(engine);
        }

        Directory.Delete(data, recursive: true);
        return sample;
    }

    public static EngineOptions Options(string directory) => GoldenDirectory.Options(directory) with
    {
        JournalReplayBytesMax = 64 << 20,

        // What is read is to find the damage: the scrub would remember a bit that is put right again.
        ScrubBytesPerSecond = 0,
        TopicDefaults = TopicSettings.Default with { RetentionMs = TopicSettings.Unlimited, SegmentBytes = SegmentBytes },
    };

    /// <summary>A copy to be damaged.</summary>
    public string NewCopy()
    {
        string copy = Path.Combine(_root, $"copy{Interlocked.Increment(ref _copies)}");
        GoldenDirectory.Copy(Pristine, copy);
        return copy;
    }

    /// <summary>The hash of every file in which the log or the state stands; RocksDB and the lock aside.</summary>
    public static SortedDictionary<string, string> Hashes(string directory)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string folder in (string[])["journal", "topics", "state", "recycle"])
        {
            string path = Path.Combine(directory, folder);
            foreach (string file in Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [])
            {
                hashes[Path.GetRelativePath(directory, file)] = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
            }
        }

        return hashes;
    }

    /// <summary>
    /// The hash of that part of every segment which stood there when the first engine stopped: below the checkpoint, so that
    /// no start may change it, damaged or not. A segment that is gone has none.
    /// </summary>
    public SortedDictionary<string, string> HashesBelowCheckpoint(string directory)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string file, int bytes) in _checkpointed.Value)
        {
            string path = Path.Combine(directory, file);
            if (File.Exists(path))
            {
                byte[] found = File.ReadAllBytes(path);
                hashes[file] = Convert.ToHexString(SHA256.HashData(found.AsSpan(0, Math.Min(bytes, found.Length))));
            }
        }

        return hashes;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Every second batch goes to a/0. Not awaited one by one, so that groups of several frames form.</summary>
    private async Task AppendAsync(BrokerEngine engine, int batches)
    {
        PartitionHandle[] partitions = [.. engine.Topics.SelectMany(t => t.Partitions)];
        long lsn = 0;
        for (int i = 0; i < batches; i++)
        {
            PartitionHandle partition = i % 2 == 0 ? partitions[0] : partitions[_random.Next(partitions.Length)];
            using var writer = new BatchWriter(Codec.None);
            byte[] value = new byte[_random.Next(100, 900)];
            int records = _random.Next(1, 4);
            for (int r = 0; r < records; r++)
            {
                _random.NextBytes(value);
                writer.Append(1000 + i, OptionalBytes.Null, value, []);
            }

            PooledBuffer batch = writer.Finish(partition.TopicId, partition.Partition, -1, -1, -1);
            Assert.InRange(batch.Memory.Length, StoredBatch.OverheadBytes, BatchBytesMax);
            lsn = engine.Append(partition, batch.Memory, batch, Durability.Durable).Lsn;
            batch.Release();
            if (i % 16 == 15)
            {
                await engine.Progress.WaitVisibleAsync(lsn, default);
            }
        }

        await engine.Progress.WaitVisibleAsync(lsn, default);
    }
}
