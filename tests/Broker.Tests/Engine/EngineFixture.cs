using System.Text;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Workers;

namespace Broker.Tests.Engine;

/// <summary>A real engine on a real directory, with small files, so that a test rolls, checkpoints and recycles.</summary>
internal sealed class EngineFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("broker-engine-");
    private int _copies;

    public EngineFixture()
    {
        DataDirectory = Path.Combine(_root.FullName, "data");
        Engine = Open();
    }

    public string DataDirectory { get; private set; }

    public BrokerEngine Engine { get; private set; }

    public static EngineOptions Options(string directory) => new()
    {
        DataDirectory = directory,
        JournalFileBytes = 1 << 20,
        JournalReplayBytesMax = 2 << 20,
        RecycleBytesMax = 8 << 20,
        ReserveBytes = 0,
        RetentionCheckInterval = TimeSpan.FromMilliseconds(50),
        TopicDefaults = TopicSettings.Default with { SegmentBytes = 256 << 10 },
    };

    public static PooledBuffer Batch(
        PartitionHandle partition, IEnumerable<string> values, long producerId = -1, int epoch = -1, long sequence = -1, long timestampMs = 1000)
    {
        using var writer = new BatchWriter(Codec.None);
        foreach (string value in values)
        {
            writer.Append(timestampMs++, OptionalBytes.Null, Encoding.UTF8.GetBytes(value), []);
        }

        return writer.Finish(partition.TopicId, partition.Partition, producerId, epoch, sequence);
    }

    public static List<(long Offset, string Value)> ReadAll(PartitionHandle partition, long from = -1)
    {
        var records = new List<(long, string)>();
        using var scratch = new DecompressionBuffer();
        long offset = from < 0 ? partition.LogStartOffset : from;
        while (true)
        {
            ReadResult result = partition.Read(offset, 64 << 10);
            using (result.Slice)
            {
                Assert.Equal(BrokerError.None, result.Error);
                if (result.Slice.IsEmpty)
                {
                    return records;
                }

                ReadOnlySpan<byte> rest = result.Slice.Memory.Span;
                while (rest.Length > 0)
                {
                    int size = new StoredBatchView(rest).SizeBytes;
                    Assert.Equal(BatchError.None, BatchReader.TryOpen(rest[..size], scratch, out BatchReader reader));
                    while (reader.TryRead(out RecordView record))
                    {
                        if (record.Offset >= offset)
                        {
                            records.Add((record.Offset, Encoding.UTF8.GetString(record.Value.Span)));
                        }
                    }

                    rest = rest[size..];
                }

                offset = result.Slice.NextOffset;
            }
        }
    }

    public async Task<TopicInfo> CreateTopicAsync(string name, int partitions = 1, params (string Key, string Value)[] config) =>
        await Engine.CreateTopicAsync(name, partitions, config.ToDictionary(c => c.Key, c => c.Value), default);

    /// <summary>Appends one batch and waits until it is visible.</summary>
    public async Task<AppendDecision> AppendAsync(
        PartitionHandle partition, IEnumerable<string> values, long producerId = -1, int epoch = -1, long sequence = -1, long timestampMs = 1000)
    {
        PooledBuffer batch = Batch(partition, values, producerId, epoch, sequence, timestampMs);
        AppendDecision decision = Engine.Append(partition, batch.Memory, batch, Durability.Durable);
        batch.Release();
        await Engine.Progress.WaitVisibleAsync(decision.Lsn, default);
        return decision;
    }

    public async Task RestartAsync(Func<EngineOptions, EngineOptions>? change = null)
    {
        await Engine.DisposeAsync();
        Engine = Open(change);
    }

    /// <summary>Closes the engine, does something with its directory, and opens it again.</summary>
    public async Task StopAndAsync(Func<string, Task> work)
    {
        await Engine.DisposeAsync();
        await work(DataDirectory);
        Engine = Open();
    }

    /// <summary>
    /// Goes on with a copy of the files as they are now, without closing the engine: what kill -9 leaves behind.
    /// </summary>
    public async Task CrashAsync(Action<string>? damage = null, Func<EngineOptions, EngineOptions>? change = null, IWorkers? workers = null)
    {
        string copy = await CopyAtOneMomentAsync();
        await Engine.DisposeAsync();
        DataDirectory = copy;
        damage?.Invoke(copy);
        Engine = Open(change, workers);
    }

    public PartitionHandle Partition(string topic, int partition = 0) => Engine.FindTopic(topic)!.Partitions[partition];

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _root.Delete(recursive: true);
    }

    // A checkpoint may run meanwhile, and a kill leaves one moment's files: copied again until nothing moved during the copy.
    private async Task<string> CopyAtOneMomentAsync()
    {
        while (true)
        {
            string copy = Path.Combine(_root.FullName, $"copy{++_copies}");
            try
            {
                string[] before = Fingerprint();
                CopyDirectory(DataDirectory, copy);
                if (Fingerprint().SequenceEqual(before))
                {
                    return copy;
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Freed or renamed while the copy ran.
            }

            await Task.Delay(10);
        }
    }

    private string[] Fingerprint() =>
        [.. new DirectoryInfo(DataDirectory).GetFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(f => $"{f.FullName} {f.LastWriteTimeUtc.Ticks} {(f as FileInfo)?.Length}")
            .Order(StringComparer.Ordinal)];

    private static void CopyDirectory(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from).Where(f => Path.GetFileName(f) != "lock"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string directory in Directory.GetDirectories(from))
        {
            CopyDirectory(directory, Path.Combine(to, Path.GetFileName(directory)));
        }
    }

    private BrokerEngine Open(Func<EngineOptions, EngineOptions>? change = null, IWorkers? workers = null)
    {
        EngineOptions options = Options(DataDirectory);
        options = change?.Invoke(options) ?? options;
        return workers is null
            ? BrokerEngine.Open(options, TimeProvider.System)
            : BrokerEngine.Open(options, new EngineEnvironment { Time = TimeProvider.System, Workers = workers });
    }
}
