using System.Globalization;
using System.Text;
using Broker.Client;
using Broker.EndToEnd.Faults.Points;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Limits;

/// <summary>A broker whose process may have fewer files open, or smaller ones, than it would like, and one whose disk is slow.</summary>
public sealed class LimitTests
{
    private const int Topics = 300, FilesMax = 500, RoundsMax = 3;

    [LimitFact]
    public async Task More_partitions_than_files_may_be_open_are_written_to_and_read()
    {
        using var directory = new TemporaryDirectory();
        await using var broker = new BrokerProcess(Path.Combine(directory.Path, "data"), ScriptedLoad.SmallFiles)
        {
            LaunchedBy = ["prlimit", $"--nofile={FilesMax}"],
        };
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        await using Producer producer = client.CreateProducer();
        string[] topics = [.. Enumerable.Range(0, Topics).Select(number => $"t{number}")];
        foreach (string topic in topics)
        {
            await client.Admin.CreateTopicAsync(topic, partitionCount: 1);
        }

        for (int round = 0; round < RoundsMax; round++)
        {
            await Task.WhenAll(topics.Select(topic => producer.SendAsync(topic, key: null, Value(topic, round)).AsTask()));
        }

        Assert.True(CountSegmentsOpen(broker) < FilesMax / 2, $"{CountSegmentsOpen(broker)} segments are open.");
        Assert.Contains("More partitions are written to than files may be open", broker.Output, StringComparison.Ordinal);
        await CheckAsync(client, topics);
        await broker.KillAsync();
        await broker.StartAsync();
        await CheckAsync(client, topics);
        Assert.Equal(0, await broker.StopAsync());
    }

    [LimitFact]
    public async Task A_segment_that_may_not_grow_to_its_size_is_ended_early_and_the_log_goes_on_in_the_next()
    {
        const int Records = 1000;
        using var directory = new TemporaryDirectory();
        await using var broker = new BrokerProcess(Path.Combine(directory.Path, "data"), [.. ScriptedLoad.SmallFiles, "--topic_defaults.segment.bytes=8MiB"])
        {
            LaunchedBy = SmallFilesOnly(2 << 20),
        };
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        await using Producer producer = client.CreateProducer();
        byte[] value = new byte[10_000];
        await Task.WhenAll(Enumerable.Range(0, Records).Select(_ => producer.SendAsync("t", key: null, value).AsTask()));
        string[] segments = Directory.GetFiles(Path.Combine(broker.DataDirectory, "topics"), "*.log", SearchOption.AllDirectories);
        Assert.InRange(segments.Length, Records * value.Length / (2 << 20), 20);
        await broker.KillAsync();
        await broker.StartAsync();
        Assert.Equal(Records, (await ReadAsync(client, "t")).Count);
        Assert.Equal(0, await broker.StopAsync());
    }

    [LimitFact]
    public async Task A_broker_that_may_not_make_a_journal_file_says_so_and_does_not_start()
    {
        await using var broker = BrokerProcess.Temporary(ScriptedLoad.SmallFiles);
        broker.LaunchedBy = SmallFilesOnly(512 << 10);
        broker.Launch();
        Assert.Equal(1, await broker.ExitAsync());
        Assert.Contains("File too large", broker.Output, StringComparison.Ordinal);
        Assert.Contains(".journal", broker.Output, StringComparison.Ordinal);
    }

    [StraceFact]
    public async Task On_a_slow_disk_acks_wait_and_memory_stays_bounded_and_readiness_says_why()
    {
        const int Producers = 16, RecordsPerProducer = 1_500, ValueBytes = 1000, InFlightMax = 8 << 20;
        TimeSpan delay = TimeSpan.FromSeconds(1.2);
        await using var broker = BrokerProcess.Temporary(
            $"--limits.produce_bytes_in_flight={InFlightMax}", $"--limits.produce_bytes_in_flight_per_connection={InFlightMax}");
        broker.LaunchedBy = Strace.SlowSyncs(delay);
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("t", partitionCount: 1);
        Producer[] producers = [.. Enumerable.Range(0, Producers).Select(_ => client.CreateProducer())];
        byte[] value = new byte[ValueBytes];
        for (int warm = 0; warm < 20; warm++)
        {
            await producers[0].SendAsync("t", key: null, value);
        }

        Metrics before = await broker.MetricsAsync();
        Task acks = Task.WhenAll(producers.SelectMany(
            producer => Enumerable.Range(0, RecordsPerProducer).Select(_ => producer.SendAsync("t", key: null, value).AsTask())));
        double inFlightMax = 0, residentMax = 0;
        bool isDegraded = false;
        using var http = new HttpClient { BaseAddress = broker.HttpAddress };
        while (!acks.IsCompleted)
        {
            Metrics metrics = await broker.MetricsAsync();
            inFlightMax = Math.Max(inFlightMax, metrics["broker_produce_in_flight_bytes"]);
            residentMax = Math.Max(residentMax, metrics["process_working_set_bytes"]);
            string ready = await http.GetStringAsync(new Uri("readyz", UriKind.Relative));
            isDegraded |= ready.StartsWith("ok, the disk is slow", StringComparison.Ordinal);
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        await acks;
        double syncs = (await broker.MetricsAsync())["broker_journal_syncs_total"] - before["broker_journal_syncs_total"];
        await Task.WhenAll(producers.Select(producer => producer.DisposeAsync().AsTask()));
        Assert.InRange(syncs, Producers * RecordsPerProducer * ValueBytes / InFlightMax, 30);
        Assert.True(isDegraded, "The broker never said that its disk is slow.");
        Assert.InRange(inFlightMax, InFlightMax / 4, InFlightMax * 1.25);
        Assert.True(
            residentMax - before["process_working_set_bytes"] < 100 << 20,
            string.Create(CultureInfo.InvariantCulture, $"{before["process_working_set_bytes"]:N0} bytes became {residentMax:N0}."));
        await broker.KillAsync();
    }

    /// <summary>The runtime keeps compiled code in a file in memory, to which the limit applies, unless told not to.</summary>
    private static string[] SmallFilesOnly(int bytesMax) => ["env", "DOTNET_EnableWriteXorExecute=0", "prlimit", $"--fsize={bytesMax}"];

    private static byte[] Value(string topic, int round) => Encoding.UTF8.GetBytes($"{topic} {round}");

    private static int CountSegmentsOpen(BrokerProcess broker) =>
        new DirectoryInfo($"/proc/{broker.ProcessId}/fd").GetFiles().Count(file => file.LinkTarget?.EndsWith(".log", StringComparison.Ordinal) ?? false);

    private static async Task CheckAsync(BrokerClient client, string[] topics)
    {
        foreach (string topic in topics)
        {
            Assert.Equal(Enumerable.Range(0, RoundsMax).Select(round => Encoding.UTF8.GetString(Value(topic, round))), await ReadAsync(client, topic));
        }
    }

    private static async Task<List<string>> ReadAsync(BrokerClient client, string topic)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = topic, StopAtEnd = true, From = StartAt.Earliest });
        var values = new List<string>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            values.Add(Encoding.UTF8.GetString(record.Value!.Value.Span));
        }

        return values;
    }
}
