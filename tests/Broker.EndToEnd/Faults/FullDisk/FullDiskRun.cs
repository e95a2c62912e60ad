using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>
/// Fills the disk of a broker under load and gives space back, again and again, without ever restarting it. While it is full all
/// that was acked must be readable, and what frees space must go on; then sends must go on by themselves.
/// </summary>
internal sealed class FullDiskRun(int cycles, long seed, Action<string> print)
{
    // Twice the journal's tail, and the reserve: below that the broker refuses records.
    private const long JournalTailBytes = 8 << 20, ReserveBytes = 1 << 20, NeededBytes = (2 * JournalTailBytes) + ReserveBytes;

    // What a relief frees must be more than that; and there is some room before it is full.
    private const long StockBytes = 28 << 20, RoomBytesMin = 4 << 20, RoomBytesMax = 10 << 20, KeptBytesMax = 60 << 20, DiskBytes = 256 << 20;
    private const int AcksMin = 2_000, SettledCheckpoints = 3;

    private static readonly TimeSpan StepMax = TimeSpan.FromSeconds(60), SuddenMax = TimeSpan.FromSeconds(10), CallMax = TimeSpan.FromSeconds(5),
        GuardInterval = TimeSpan.FromSeconds(1.2), StuckFor = TimeSpan.FromMilliseconds(300), ResumeMax = TimeSpan.FromSeconds(30);

    private static readonly string[] SmallFiles =
    [
        "--journal.file_bytes=4MiB", $"--journal.replay_bytes_max={JournalTailBytes}", $"--storage.reserve_bytes={ReserveBytes}",
        "--limits.batch_bytes=128KiB", "--limits.record_bytes=64KiB", "--limits.message_bytes=512KiB", "--retention.check_interval=100ms",
        "--topic_defaults.segment.bytes=256KiB", "--topic_defaults.max.message.bytes=64KiB", "--log.level=warning",
    ];

    // The first of them are what CI runs.
    private static readonly (Approach, Relief)[] Ways =
    [
        (Approach.Sudden, Relief.Retention), (Approach.Slow, Relief.Foreign), (Approach.Sudden, Relief.Trim), (Approach.Sudden, Relief.Deletion),
        (Approach.Slow, Relief.Retention), (Approach.Sudden, Relief.Foreign), (Approach.Slow, Relief.Trim), (Approach.Slow, Relief.Deletion),
    ];

    private readonly Random _random = new(unchecked((int)seed));
    private readonly List<FullDiskCycle> _cycles = [];
    private readonly Findings _findings = new();

    public async Task<FullDiskReport> RunAsync()
    {
        print($"seed {seed}");
        using var disk = new PowerCutDisk(DiskBytes);
        using var foreign = new ForeignFile(disk.Directory);
        await using var broker = new BrokerProcess(Path.Combine(disk.Directory, "data"), SmallFiles);
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync(FullDiskLoad.Topic, FullDiskLoad.Logs.Length);
        int sent, acked;
        await using (var load = new FullDiskLoad(broker, seed))
        {
            try
            {
                await SettleAsync(broker);
                for (int cycle = 1; cycle <= cycles && !_findings.Any; cycle++)
                {
                    await RunCycleAsync(broker, client.Admin, load, foreign, cycle);
                }

                if (!_findings.Any)
                {
                    await EndAsync(broker, load);
                }
            }
            catch (Exception error) when (error is BrokerException or HttpRequestException or OperationCanceledException or TimeoutException)
            {
                _findings.Add("call-failed", $"{error}\n{await JournalState.DescribeAsync(broker)}\n{broker.Output}");
            }

            if (_findings.Any)
            {
                // Whoever waits for space gets it, so that the run ends.
                print($"The run broke off. The broker's last words:\n{broker.Output}");
                foreign.Leave(DiskBytes);
            }

            (sent, acked) = (load.Sent, load.Acked);
        }

        return new FullDiskReport(cycles, seed, _cycles, sent, acked, _findings.Counts, _findings.Examples);
    }

    /// <summary>Until journal and state store have taken the room that they need beside the log.</summary>
    private static Task SettleAsync(BrokerProcess broker) => UntilAsync(
        "no-checkpoint", async () => (await broker.MetricsAsync())["broker_checkpoints_total"] >= SettledCheckpoints, StepMax);

    private async Task RunCycleAsync(BrokerProcess broker, AdminClient admin, FullDiskLoad load, ForeignFile foreign, int cycle)
    {
        (Approach approach, Relief relief) = Ways[(cycle - 1) % Ways.Length];
        int ackedBefore = load.Acked, failedBefore = load.Failed;
        double refusedBefore = (await broker.MetricsAsync()).Counted("broker_refused_batches_total");
        foreign.Leave(NeededBytes + StockBytes + RoomBytesMax);
        var doomedLog = new LogName($"doomed-{cycle}", 0);
        LoadProducer? doomed = await StockAsync(admin, load, relief, doomedLog);
        foreign.Leave(NeededBytes + _random.NextInt64(RoomBytesMin, RoomBytesMax));
        await UntilAsync("no-acks", () => Task.FromResult(load.Acked - ackedBefore >= AcksMin), StepMax);
        bool waited = await FillAsync(broker, foreign, approach, () => load.Failed > failedBefore);
        long fullAt = Stopwatch.GetTimestamp();
        int acks = load.Acked - ackedBefore;
        long freeBytes = foreign.FreeBytes;
        load.Pause();
        int readBack = await load.CheckWhileSendingAsync(doomed is null ? FullDiskLoad.Logs : [.. FullDiskLoad.Logs, doomedLog], _findings);
        await AskAsync(admin);
        double fullMs = Stopwatch.GetElapsedTime(fullAt).TotalMilliseconds;
        IReadOnlyList<(LoadProducer Producer, int Answered)> sends = load.Sends();
        int refused = (int)((await broker.MetricsAsync()).Counted("broker_refused_batches_total") - refusedBefore), failed = load.Failed - failedBefore;
        long relievedAt = Stopwatch.GetTimestamp();
        await RelieveAsync(broker, admin, foreign, relief, doomed, doomedLog);
        load.Resume();
        await UntilAsync("no-resume", () => Task.FromResult(sends.All(each => each.Producer.Acked > each.Answered)), ResumeMax);
        double resumeMs = Stopwatch.GetElapsedTime(relievedAt).TotalMilliseconds;
        var result = new FullDiskCycle(cycle, approach, relief, acks, refused, failed, waited, freeBytes, readBack, fullMs, resumeMs);
        _cycles.Add(result);
        print(result.ToString());
        await TidyAsync(admin);
    }

    /// <summary>Has something written that the relief will free.</summary>
    private static async Task<LoadProducer?> StockAsync(AdminClient admin, FullDiskLoad load, Relief relief, LogName doomedLog)
    {
        if (relief == Relief.Foreign)
        {
            return null;
        }

        LoadProducer? doomed = null;
        if (relief == Relief.Deletion)
        {
            await admin.CreateTopicAsync(doomedLog.Topic, partitionCount: 1);
            load.Pause();
            doomed = load.AddDoomed(doomedLog);
        }

        string topic = doomed is null ? FullDiskLoad.Topic : doomedLog.Topic;
        await UntilAsync("no-stock", async () => await SizeAsync(admin, topic) >= StockBytes, StepMax);
        load.Resume();
        return doomed;
    }

    /// <returns>Whether accepted records wait for space.</returns>
    private static async Task<bool> FillAsync(BrokerProcess broker, ForeignFile foreign, Approach approach, Func<bool> hasFailed)
    {
        long since = Stopwatch.GetTimestamp();
        if (approach == Approach.Slow)
        {
            long fullSince = long.MaxValue;
            await UntilAsync(
                "never-full",
                async () =>
                {
                    bool isFull = (await broker.MetricsAsync())["broker_accepts_writes"] == 0;
                    fullSince = isFull ? Math.Min(fullSince, Stopwatch.GetTimestamp()) : long.MaxValue;
                    return isFull && hasFailed() && Stopwatch.GetElapsedTime(fullSince) > GuardInterval;
                },
                StepMax);
            return false;
        }

        // What the broker frees by giving up files that it kept for reuse goes as well.
        (double visible, long visibleSince) = (-1, since);
        while (Stopwatch.GetElapsedTime(since) < SuddenMax)
        {
            foreign.TakeAll();
            Metrics metrics = await broker.MetricsAsync();
            if (metrics["broker_visible_lsn"] != visible)
            {
                (visible, visibleSince) = (metrics["broker_visible_lsn"], Stopwatch.GetTimestamp());
            }
            else if (metrics["broker_written_lsn"] > visible && Stopwatch.GetElapsedTime(visibleSince) > StuckFor)
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        return false;
    }

    /// <summary>What is asked about topics is answered.</summary>
    private async Task AskAsync(AdminClient admin)
    {
        using var timeout = new CancellationTokenSource(CallMax);
        TopicDescription topic = await admin.DescribeTopicAsync(FullDiskLoad.Topic, timeout.Token);
        IReadOnlyList<PartitionOffset> ends = await admin.ListOffsetsAsync(FullDiskLoad.Topic, StartAt.Latest, cancellationToken: timeout.Token);
        await admin.GetServerInfoAsync(timeout.Token);
        if (topic.Partitions.Count != FullDiskLoad.Logs.Length || ends.Any(end => end.Offset == 0))
        {
            _findings.Add("wrong-answer", $"{topic.Partitions.Count} partitions, ends {string.Join(", ", ends)}");
        }
    }

    private static async Task RelieveAsync(
        BrokerProcess broker, AdminClient admin, ForeignFile foreign, Relief relief, LoadProducer? doomed, LogName doomedLog)
    {
        switch (relief)
        {
            case Relief.Foreign:
                foreign.Leave(NeededBytes + StockBytes);
                break;
            case Relief.Retention:
                CliRun alter = await CliRun.RunAsync("topic", "alter", FullDiskLoad.Topic, "--config", "retention.bytes=65536", "--server", broker.Server);
                if (alter.ExitCode != 0)
                {
                    throw new TimeoutException($"broker topic alter ended with {alter.ExitCode}: {alter.Error}");
                }

                await UntilAsync("no-retention", async () => await SizeAsync(admin, FullDiskLoad.Topic) < StockBytes / 2, ResumeMax);
                await admin.AlterTopicAsync(FullDiskLoad.Topic, unset: ["retention.bytes"]);
                break;
            case Relief.Trim:
                await admin.TrimTopicAsync(FullDiskLoad.Topic, StartAt.Latest);
                break;
            default:
                Task stopped = doomed!.StopAsync();
                await admin.DeleteTopicAsync(doomedLog.Topic);
                await stopped;
                break;
        }
    }

    /// <summary>Not ever more is kept.</summary>
    private static async Task TidyAsync(AdminClient admin)
    {
        if (await SizeAsync(admin, FullDiskLoad.Topic) > KeptBytesMax)
        {
            await admin.TrimTopicAsync(FullDiskLoad.Topic, StartAt.Latest);
        }
    }

    private async Task EndAsync(BrokerProcess broker, FullDiskLoad load)
    {
        await load.CheckAtRestAsync(_findings);
        int code = await broker.StopAsync();
        if (code != 0)
        {
            _findings.Add("unclean-stop", $"exit code {code} after SIGTERM:\n{broker.Output}");
            return;
        }

        await broker.StartAsync();
        await load.CheckAtRestAsync(_findings);
        if (broker.Output.Contains(" ERR ", StringComparison.Ordinal) || broker.Output.Contains(" FTL ", StringComparison.Ordinal))
        {
            _findings.Add("broker-error", broker.Output);
        }

        await broker.StopAsync();
        CliRun verify = await CliRun.RunAsync("log", "verify", broker.DataDirectory);
        if (verify.ExitCode != 0)
        {
            _findings.Add("verify", verify.Text + verify.Error);
        }
    }

    private static async Task<long> SizeAsync(AdminClient admin, string topic) =>
        (await admin.ListTopicsAsync()).Single(each => each.Topic.Name == topic).SizeBytes;

    private static async Task UntilAsync(string what, Func<Task<bool>> condition, TimeSpan timeout)
    {
        long since = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(since) > timeout)
            {
                throw new TimeoutException($"{what} within {timeout}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }
}
